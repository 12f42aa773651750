/* The same weights behind another gate activation. Same numbers as moved_weights.py. */

const N_STEPS = 40;
const PERIOD = 16;
const FAR = 0.1;
const KERNEL = [1.2, -0.8, 1.5, 0.9]; // i, f, g, o
const RECURRENT_KERNEL = [0.6, 0.7, -0.5, 0.4];

/** @typedef {{ trained: string, moved: string, size: number, b_f: number }} Values */
/** @typedef {ReturnType<typeof compute>} Result */

/** @type {Record<string, (a: number) => number>} */
const ACTIVATIONS = {
  "hard_sigmoid, Keras 2": (a) => clip(a / 5 + 0.5, 0, 1),
  "hard_sigmoid, Keras 3": (a) => clip(a / 6 + 0.5, 0, 1),
  sigmoid,
};

// ---------------------------------------------------------------- the numbers

/** @type {(x: number[], gate: (a: number) => number, size: number, b_f: number) => number[]} */
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

/** @param {Values} values */
export function compute({ trained, moved, size, b_f }) {
  const x = range(N_STEPS).map((t) => Math.sin((2 * Math.PI * (t + 1)) / PERIOD));
  const h = run(x, ACTIVATIONS[trained], size, b_f);
  const h_moved = run(x, ACTIVATIONS[moved], size, b_f);
  const apart = h.map((state, t) => Math.abs(state - h_moved[t]));
  const largest = Math.max(...apart);
  const first = apart.findIndex((each) => each > FAR);
  return {
    x,
    h,
    h_moved,
    largest,
    // Not the exact maximum: where it repeats, rounding would decide.
    at: apart.findIndex((each) => each >= largest * (1 - 1e-9)),
    first_far: first < 0 ? null : first,
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result) => string} */
export function sentence(_values, { largest, at, first_far }) {
  if (largest === 0) return "The same activation and the same weights: the same 40 states.";
  const apart = `The states differ by up to ${formatNumber(largest)}, at step ${at}`;
  if (first_far === null) return `${apart}; nothing says so but a comparison of numbers.`;
  return `${apart}; the first difference above ${FAR} comes at step ${first_far}.`;
}

// ---------------------------------------------------------------- the picture

const TOP = 36;
const BOTTOM = 250;
const HEIGHT = 300;
const TRAINED = { stroke: BLUE };
const MOVED = { stroke: VERMILLION, "stroke-dasharray": "7 4" };

/** @type {(xName: string, yName: string, left: number, right: number) => string} */
const names = (xName, yName, left, right) =>
  segment(left, BOTTOM, right, BOTTOM, { stroke: SOFT }) +
  text((left + right) / 2, HEIGHT - 8, xName, MIDDLE) +
  text(left - 34, TOP - 14, yName);

/** @param {Values} values @param {number} left @param {number} right */
function gates({ trained, moved }, left, right) {
  const x = scale(-6, 6, left, right);
  const y = scale(0, 1, BOTTOM - 6, TOP + 6);
  const places = range(121).map((k) => (k - 60) / 10);
  /** @type {(name: string) => Point[]} */
  const points = (name) => places.map((a) => [x(a), y(ACTIVATIONS[name](a))]);
  return [
    valueAxis([0, 0.5, 1], y, left, right, { strong: null }),
    stepAxis([-6, -3, 0, 3, 6], x, BOTTOM),
    names("gate before the activation", "gate", left, right),
    curve(points(trained), TRAINED),
    curve(points(moved), MOVED),
  ];
}

/** @param {Result} result @param {number} left @param {number} right */
function states({ h, h_moved }, left, right) {
  const x = scale(0, N_STEPS, left, right);
  const y = scale(-1, 1, BOTTOM - 6, TOP + 6);
  /** @type {(values: number[]) => Point[]} */
  const points = (values) => values.map((state, t) => [x(t), y(state)]);
  return [
    valueAxis([-1, -0.5, 0, 0.5, 1], y, left, right, { strong: null }),
    stepAxis([0, 10, 20, 30, 40], x, BOTTOM),
    names("time step t", "state h_t", left, right),
    curve(points(h), TRAINED),
    curve(points(h_moved), MOVED),
  ];
}

/** @param {number} right */
const legend = (right) => [
  legendEntry(right - 196, TOP - 14, "as trained", TRAINED),
  legendEntry(right - 88, TOP - 14, "moved", MOVED),
];

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(values, result, width) {
  const middle = Math.round(width * 0.4);
  const right = width - 12;
  return {
    height: HEIGHT,
    svg: [
      ...gates(values, 48, middle - 24),
      ...states(result, middle + 36, right),
      ...legend(right),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
