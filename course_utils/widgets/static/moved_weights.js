/* The same weights behind another gate activation. Same numbers as moved_weights.py. */

const N_STEPS = 40;
const PERIOD = 16;
const FAR = 0.1;
const KERNEL = [1.2, -0.8, 1.5, 0.9]; // i, f, g, o
const RECURRENT_KERNEL = [0.6, 0.7, -0.5, 0.4];

const clip = (value) => Math.min(1, Math.max(0, value));
const ACTIVATIONS = {
  "hard_sigmoid, Keras 2": (a) => clip(a / 5 + 0.5),
  "hard_sigmoid, Keras 3": (a) => clip(a / 6 + 0.5),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
};

// ---------------------------------------------------------------- the numbers

function run(x, gate, size, b_f) {
  let h = 0;
  let c = 0;
  const states = [h];
  for (const x_t of x) {
    const [i, f, g, o] = KERNEL.map((w_x, k) => size * (w_x * x_t + RECURRENT_KERNEL[k] * h));
    c = gate(f + b_f) * c + gate(i) * Math.tanh(g);
    h = gate(o) * Math.tanh(c);
    states.push(h);
  }
  return states;
}

export function compute({ trained, moved, size, b_f }) {
  const x = Array.from({ length: N_STEPS }, (_, t) => Math.sin((2 * Math.PI * (t + 1)) / PERIOD));
  const h = run(x, ACTIVATIONS[trained], size, b_f);
  const h_moved = run(x, ACTIVATIONS[moved], size, b_f);
  const apart = h.map((state, t) => Math.abs(state - h_moved[t]));
  const largest = Math.max(...apart);
  const first = apart.findIndex((each) => each > FAR);
  return {
    x, h, h_moved, largest,
    // Not the exact maximum: where it repeats, rounding would decide.
    at: apart.findIndex((each) => each >= largest * (1 - 1e-9)),
    first_far: first < 0 ? null : first,
  };
}

// ---------------------------------------------------------------- what they say

export function sentence(values, { largest, at, first_far }) {
  if (largest === 0) return "The same activation and the same weights: the same 40 states.";
  const apart = `The states differ by up to ${formatNumber(largest)}, at step ${at}`;
  if (first_far === null) return `${apart}; nothing says so but a comparison of numbers.`;
  return `${apart}; the first difference above ${FAR} comes at step ${first_far}.`;
}

// ---------------------------------------------------------------- the picture

const TOP = 36;
const BOTTOM = 250;
const HEIGHT = 300;
const TRAINED = { stroke: "var(--unrolled-blue)", fill: "none", "stroke-width": 2 };
const MOVED = {
  stroke: "var(--unrolled-vermillion)", fill: "none", "stroke-width": 2, "stroke-dasharray": "7 4",
};

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** A frame with grid lines, numbers and names of its axes. */
function axes({ left, right, x, y, xMarks, yMarks, xName, yName }) {
  return [
    ...yMarks.map((mark) =>
      tag("line", { x1: left, x2: right, y1: y(mark), y2: y(mark), stroke: LINE }) +
      text(left - 8, y(mark) + 4, formatNumber(mark), { "text-anchor": "end", fill: SOFT })),
    ...xMarks.map((mark) =>
      tag("line", { x1: x(mark), x2: x(mark), y1: BOTTOM, y2: BOTTOM + 5, stroke: SOFT }) +
      text(x(mark), BOTTOM + 19, formatNumber(mark), { "text-anchor": "middle", fill: SOFT })),
    tag("line", { x1: left, x2: right, y1: BOTTOM, y2: BOTTOM, stroke: SOFT }),
    text((left + right) / 2, HEIGHT - 8, xName, { "text-anchor": "middle" }),
    text(left - 34, TOP - 14, yName),
  ].join("");
}

function gates({ trained, moved }, left, right) {
  const x = scale(-6, 6, left, right);
  const y = scale(0, 1, BOTTOM - 6, TOP + 6);
  const places = Array.from({ length: 121 }, (_, k) => (k - 60) / 10);
  const curve = (name) => path(places.map((a) => [x(a), y(ACTIVATIONS[name](a))]));
  return axes({
    left, right, x, y, xMarks: [-6, -3, 0, 3, 6], yMarks: [0, 0.5, 1],
    xName: "gate before the activation", yName: "gate",
  }) + tag("path", { d: curve(trained), ...TRAINED }) + tag("path", { d: curve(moved), ...MOVED });
}

function states({ h, h_moved }, left, right) {
  const x = scale(0, N_STEPS, left, right);
  const y = scale(-1, 1, BOTTOM - 6, TOP + 6);
  const curve = (values) => path(values.map((state, t) => [x(t), y(state)]));
  return axes({
    left, right, x, y, xMarks: [0, 10, 20, 30, 40], yMarks: [-1, -0.5, 0, 0.5, 1],
    xName: "time step t", yName: "state h_t",
  }) + tag("path", { d: curve(h), ...TRAINED }) + tag("path", { d: curve(h_moved), ...MOVED });
}

function legend(right) {
  const entry = (x, label, style) =>
    tag("path", { d: `M${x} ${TOP - 18}h24`, ...style }) + text(x + 30, TOP - 14, label);
  return entry(right - 196, "as trained", TRAINED) + entry(right - 88, "moved", MOVED);
}

export function draw(values, result, width) {
  const middle = Math.round(width * 0.4);
  const svg = gates(values, 48, middle - 24) + states(result, middle + 36, width - 12) + legend(width - 12);
  return { height: HEIGHT, svg };
}

export default explorer({ compute, sentence, draw });
