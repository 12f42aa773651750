/* One recurrent unit: h_t = tanh(w_x x_t + w_h h_{t-1} + b). Same numbers as scalar_rnn.py. */

const N_STEPS = 40;
const ONSET = 5;
const FORGOTTEN = 0.05;
const SETTLED = 0.01;

// ---------------------------------------------------------------- the numbers

function signal({ signal: kind, amplitude, period }) {
  const shape = {
    impulse: (t) => Number(t === ONSET),
    step: (t) => Number(t >= ONSET),
    sine: (t) => Math.sin((2 * Math.PI * t) / period),
  }[kind];
  return Array.from({ length: N_STEPS }, (_, i) => amplitude * shape(i + 1));
}

function run(x, { activation, w_x, w_h, b, h_0 }) {
  const squash = activation === "tanh" ? Math.tanh : Number;
  const states = [h_0];
  for (const x_t of x) states.push(squash(w_x * x_t + w_h * states.at(-1) + b));
  return states;
}

/** Steps from `start` until `sizes` stay at or below `limit` to the end, or null. */
function staysBelow(limit, sizes, start, atLeast = 1) {
  const first = Math.max(start, sizes.findLastIndex((size) => size > limit) + 1);
  return first <= sizes.length - atLeast ? first - start : null;
}

export function compute(values) {
  const x = signal(values);
  const h = run(x, values);
  const rest = run(x.map(() => 0), values);
  const effect = h.map((state, t) => Math.abs(state - rest[t]));
  const peak = Math.max(...effect);
  // Not the exact maximum: on a plateau rounding would decide where that is.
  const peak_step = effect.findIndex((size) => size >= peak * (1 - 1e-9));
  const away = h.map((state) => Math.abs(state - h.at(-1)));
  const lastPeriod = h.slice(-values.period);
  return {
    x, h, rest, peak, peak_step,
    halved: staysBelow(0.5 * peak, effect, peak_step),
    forgotten: staysBelow(FORGOTTEN * peak, effect, peak_step),
    settled: staysBelow(SETTLED * Math.abs(h.at(-1)), away, ONSET - 1, 3),
    low: Math.min(...lastPeriod),
    high: Math.max(...lastPeriod),
  };
}

// ---------------------------------------------------------------- what they say

const steps = (number) => (number === 1 ? "1 step" : `${number} steps`);

function impulseSentence({ activation, w_h }, { h, rest, peak, peak_step, halved, forgotten }) {
  const effect = Math.abs(h.at(-1) - rest.at(-1));
  if (activation === "linear" && peak_step > ONSET) {
    const growth = effect / Math.abs(h[ONSET] - rest[ONSET]);
    return `The impulse grows: ${N_STEPS - ONSET} steps later its effect is ` +
      `${formatNumber(growth)} times as large as at first.`;
  }
  const turning = w_h < 0 ? ", with a new sign at each step" : "";
  const moved = `The impulse moves the state by at most ${formatNumber(peak)}${turning}; `;
  if (forgotten === null) {
    return `${moved}${formatNumber((100 * effect) / peak)} % of that is left at the end, ` +
      `${N_STEPS - ONSET} steps later.`;
  }
  return `${moved}half of that is gone after ${steps(halved)}, ` +
    `and less than 5 % is left after ${steps(forgotten)}.`;
}

function stepSentence(values, { h, settled }) {
  const [before, last] = h.slice(-2).map(formatNumber);
  if (settled === null) {
    return `The state has not settled after ${steps(N_STEPS - ONSET + 1)} of input: ` +
      `the last two states are ${before} and ${last}.`;
  }
  return `The state settles at ${last}: ` +
    `after ${steps(settled)} of input it stays within 1 % of that.`;
}

function sineSentence(values, { x, low, high }) {
  const gain = (high - low) / (Math.max(...x) - Math.min(...x));
  return `Over the last period the state runs from ${formatNumber(low)} to ${formatNumber(high)}: ` +
    `it swings ${formatNumber(gain)} times as far as the input.`;
}

export function sentence(values, result) {
  if (result.peak === 0) {
    return "The input adds 0 to the state at every step: what you see is h_0 and b alone.";
  }
  return { impulse: impulseSentence, step: stepSentence, sine: sineSentence }[values.signal](values, result);
}

// ---------------------------------------------------------------- the picture

const LEFT = 64;
const INPUT = { top: 26, bottom: 104 };
const STATE = { top: 152, bottom: 330 };
const AXIS = 372; // between the two runs the span of steps, so that it never crosses a line
const HEIGHT = 418;
const INPUT_COLOUR = "var(--unrolled-vermillion)";
const STATE_COLOUR = "var(--unrolled-blue)";

function formula({ activation, w_x, w_h, b }) {
  const added = (value) => `${value < 0 ? "−" : "+"} ${formatStep(Math.abs(value), 0.05)}`;
  const total = `${formatStep(w_x, 0.05)} x_t ${added(w_h)} h_{t-1} ${added(b)}`;
  return activation === "tanh" ? `h_t = tanh(${total})` : `h_t = ${total}`;
}

/** Horizontal lines with their numbers, zero stronger than the others. */
function valueAxis(marks, y, right) {
  return marks.map((mark) =>
    tag("line", { x1: LEFT, x2: right, y1: y(mark), y2: y(mark), stroke: mark === 0 ? SOFT : LINE }) +
    text(LEFT - 8, y(mark) + 4, formatNumber(mark), { "text-anchor": "end", fill: SOFT }));
}

function stepAxis(x) {
  const marks = Array.from({ length: N_STEPS / 5 + 1 }, (_, i) => 5 * i);
  return [
    tag("line", { x1: LEFT, x2: x(N_STEPS) + 8, y1: AXIS, y2: AXIS, stroke: SOFT }),
    ...marks.map((t) =>
      tag("line", { x1: x(t), x2: x(t), y1: AXIS, y2: AXIS + 5, stroke: SOFT }) +
      text(x(t), AXIS + 19, t, { "text-anchor": "middle", fill: SOFT })),
    text((x(0) + x(N_STEPS)) / 2, HEIGHT - 6, "time step t", { "text-anchor": "middle", fill: INK }),
  ];
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** A span of steps with its length written above it. */
function span(x, from, to, y, label) {
  return tag("path", {
    d: `M${x(from)} ${y - 5}v10M${x(from)} ${y}H${x(to)}M${x(to)} ${y - 5}v10`,
    stroke: INK, fill: "none",
  }) + text(x(from), y - 10, label);
}

function measure(values, { peak, peak_step, forgotten, settled }, x) {
  const y = AXIS - 9;
  if (peak === 0) return "";
  if (values.signal === "impulse" && forgotten) {
    return span(x, peak_step, peak_step + forgotten, y, `below 5 %: ${steps(forgotten)}`);
  }
  if (values.signal === "step" && settled) {
    return span(x, ONSET - 1, ONSET - 1 + settled, y, `settled: ${steps(settled)}`);
  }
  return "";
}

/** Where an impulse counts as forgotten: within 5 % of its largest effect. */
function forgottenBand(values, { rest, peak }, x, y) {
  if (values.signal !== "impulse" || peak === 0) return "";
  const edge = (side) => rest.map((state, t) => [x(t), y(state + side * FORGOTTEN * peak)]).slice(ONSET);
  const outline = [...edge(1), ...edge(-1).reverse()];
  return tag("path", { d: `${path(outline)}Z`, fill: "var(--unrolled-tint)" });
}

/** What the unit would do by itself, named in the corner above. */
function restLine({ rest, peak }, line, right) {
  if (peak === 0 || rest.every((state) => state === 0)) return "";
  const dashes = { fill: "none", stroke: SOFT, "stroke-width": 1.5, "stroke-dasharray": "5 4" };
  const y = STATE.top - 12;
  return tag("path", { d: line(rest), ...dashes }) +
    tag("path", { d: `M${right - 138} ${y}h26`, ...dashes }) +
    text(right, y + 4, "without the input", { "text-anchor": "end", fill: SOFT });
}

/** Ends of the state's axis: fixed for tanh, so that settings can be compared. */
function stateLimits({ activation }, { h, rest }) {
  const furthest = activation === "tanh" ? 1 : Math.max(1, ...[...h, ...rest].map(Math.abs));
  return [-1.08 * furthest, 1.08 * furthest];
}

export function draw(values, result, width) {
  const right = width - 12;
  const x = scale(0, N_STEPS, LEFT + 8, right - 8);
  const inputY = scale(-2.1, 2.1, INPUT.bottom, INPUT.top);
  const [low, high] = stateLimits(values, result);
  const stateY = scale(low, high, STATE.bottom, STATE.top);
  const radius = width < 480 ? 2.5 : 3.5;

  const stems = result.x.map((value, i) => {
    const at = { x: x(i + 1), y: inputY(value) };
    return tag("line", { x1: at.x, x2: at.x, y1: inputY(0), y2: at.y, stroke: INPUT_COLOUR, "stroke-width": 2 }) +
      tag("circle", { cx: at.x, cy: at.y, r: radius, fill: INPUT_COLOUR });
  });
  const line = (states) => path(states.map((state, t) => [x(t), stateY(state)]));
  const dots = result.h.map((state, t) => tag("circle", {
    cx: x(t), cy: stateY(state), r: radius,
    fill: t === 0 ? "var(--unrolled-paper)" : STATE_COLOUR, stroke: STATE_COLOUR, "stroke-width": 1.5,
  }));

  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 14, "input x_t", { fill: INPUT_COLOUR, "font-weight": 600 }),
      ...valueAxis([-2, 0, 2], inputY, right), ...stems,
      text(width < 420 ? 2 : LEFT, STATE.top - 8 - (width < 560 ? 18 : 0), formula(values), { fill: STATE_COLOUR, "font-weight": 600 }),
      ...valueAxis(ticks(low, high, 5), stateY, right),
      forgottenBand(values, result, x, stateY),
      restLine(result, line, right),
      tag("path", { d: line(result.h), fill: "none", stroke: STATE_COLOUR, "stroke-width": 1.8 }), ...dots,
      measure(values, result, x),
      ...stepAxis(x),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
