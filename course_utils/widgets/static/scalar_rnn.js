/* One recurrent unit: h_t = tanh(w_x x_t + w_h h_{t-1} + b). Same numbers as scalar_rnn.py. */

const N_STEPS = 40;
const ONSET = 5;
const FORGOTTEN = 0.05;
const SETTLED = 0.01;

/** @typedef {{ signal: string, amplitude: number, period: number }} Input */
/** @typedef {{ activation: string, w_x: number, w_h: number, b: number, h_0: number }} Unit */
/** @typedef {Input & Unit} Values */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @param {Input} input */
function signal({ signal: kind, amplitude, period }) {
  /** @type {Record<string, (t: number) => number>} */
  const shapes = {
    impulse: (t) => Number(t === ONSET),
    step: (t) => Number(t >= ONSET),
    sine: (t) => Math.sin((2 * Math.PI * t) / period),
  };
  return range(N_STEPS).map((i) => amplitude * shapes[kind](i + 1));
}

/** @type {(x: number[], unit: Unit) => number[]} */
function run(x, { activation, w_x, w_h, b, h_0 }) {
  const squash = activation === "tanh" ? Math.tanh : Number;
  const states = [h_0];
  for (const x_t of x) states.push(squash(w_x * x_t + w_h * last(states) + b));
  return states;
}

/**
 * Steps from `start` until `sizes` stay at or below `limit` to the end, or null.
 *
 * @type {(limit: number, sizes: number[], start: number, atLeast?: number) => number | null}
 */
function staysBelow(limit, sizes, start, atLeast = 1) {
  const first = Math.max(start, sizes.findLastIndex((size) => size > limit) + 1);
  return first <= sizes.length - atLeast ? first - start : null;
}

/** @param {Values} values */
export function compute(values) {
  const x = signal(values);
  const h = run(x, values);
  const rest = run(
    x.map(() => 0),
    values,
  );
  const effect = h.map((state, t) => Math.abs(state - rest[t]));
  const peak = Math.max(...effect);
  // Not the exact maximum: on a plateau rounding would decide where that is.
  const peak_step = effect.findIndex((size) => size >= peak * (1 - 1e-9));
  const away = h.map((state) => Math.abs(state - last(h)));
  const lastPeriod = h.slice(-values.period);
  return {
    x,
    h,
    rest,
    peak,
    peak_step,
    halved: staysBelow(0.5 * peak, effect, peak_step),
    forgotten: staysBelow(FORGOTTEN * peak, effect, peak_step),
    settled: staysBelow(SETTLED * Math.abs(last(h)), away, ONSET - 1, 3),
    low: Math.min(...lastPeriod),
    high: Math.max(...lastPeriod),
  };
}

// ---------------------------------------------------------------- what they say

/** @param {number} count */
const steps = (count) => counted(count, "step");

/** @type {(values: Values, result: Result) => string} */
function impulseSentence({ activation, w_h }, { h, rest, peak, peak_step, halved, forgotten }) {
  const effect = Math.abs(last(h) - last(rest));
  if (activation === "linear" && peak_step > ONSET) {
    const growth = effect / Math.abs(h[ONSET] - rest[ONSET]);
    return (
      `The impulse grows: ${N_STEPS - ONSET} steps later its effect is ` +
      `${formatNumber(growth)} times as large as at first.`
    );
  }
  const turning = w_h < 0 ? ", with a new sign at each step" : "";
  const moved = `The impulse moves the state by at most ${formatNumber(peak)}${turning}; `;
  if (halved === null || forgotten === null) {
    return (
      `${moved}${formatNumber((100 * effect) / peak)} % of that is left at the end, ` +
      `${N_STEPS - ONSET} steps later.`
    );
  }
  return (
    `${moved}half of that is gone after ${steps(halved)}, ` +
    `and less than 5 % is left after ${steps(forgotten)}.`
  );
}

/** @type {(values: Values, result: Result) => string} */
function stepSentence(_values, { h, settled }) {
  const [before, end] = h.slice(-2).map(formatNumber);
  if (settled === null) {
    return (
      `The state has not settled after ${steps(N_STEPS - ONSET + 1)} of input: ` +
      `the last two states are ${before} and ${end}.`
    );
  }
  return (
    `The state settles at ${end}: ` +
    `after ${steps(settled)} of input it stays within 1 % of that.`
  );
}

/** @type {(values: Values, result: Result) => string} */
function sineSentence(_values, { x, low, high }) {
  const gain = (high - low) / (Math.max(...x) - Math.min(...x));
  return (
    `Over the last period the state runs from ${formatNumber(low)} to ${formatNumber(high)}: ` +
    `it swings ${formatNumber(gain)} times as far as the input.`
  );
}

/** @type {Record<string, (values: Values, result: Result) => string>} */
const SENTENCES = { impulse: impulseSentence, step: stepSentence, sine: sineSentence };

/** @type {(values: Values, result: Result) => string} */
export function sentence(values, result) {
  if (result.peak === 0) {
    return "The input adds 0 to the state at every step: what you see is h_0 and b alone.";
  }
  return SENTENCES[values.signal](values, result);
}

// ---------------------------------------------------------------- the picture

const LEFT = 64;
const INPUT = { top: 26, bottom: 104 };
const STATE = { top: 152, bottom: 330 };
const AXIS = 372; // between the two runs the span of steps, so that it never crosses a line
const HEIGHT = 418;
const INPUT_COLOUR = VERMILLION;
const STATE_COLOUR = BLUE;

/** @param {Unit} unit */
function formula({ activation, w_x, w_h, b }) {
  /** @param {number} value */
  const added = (value) => `${value < 0 ? "−" : "+"} ${formatStep(Math.abs(value), 0.05)}`;
  const total = `${formatStep(w_x, 0.05)} x_t ${added(w_h)} h_{t-1} ${added(b)}`;
  return activation === "tanh" ? `h_t = tanh(${total})` : `h_t = ${total}`;
}

/** @param {Scale} x */
function stepLine(x) {
  const marks = range(N_STEPS / 5 + 1).map((i) => 5 * i);
  return [
    segment(LEFT, AXIS, x(N_STEPS) + 8, AXIS, { stroke: SOFT }),
    stepAxis(marks, x, AXIS),
    text((x(0) + x(N_STEPS)) / 2, HEIGHT - 6, "time step t", { ...MIDDLE, fill: INK }),
  ];
}

/**
 * A span of steps with its length written above it.
 *
 * @type {(x: Scale, from: number, to: number, y: number, label: string) => string}
 */
function span(x, from, to, y, label) {
  return (
    tag("path", {
      d: `M${x(from)} ${y - 5}v10M${x(from)} ${y}H${x(to)}M${x(to)} ${y - 5}v10`,
      stroke: INK,
      fill: "none",
    }) + text(x(from), y - 10, label)
  );
}

/** @type {(values: Values, result: Result, x: Scale) => string} */
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

/**
 * Where an impulse counts as forgotten: within 5 % of its largest effect.
 *
 * @type {(values: Values, result: Result, x: Scale, y: Scale) => string}
 */
function forgottenBand(values, { rest, peak }, x, y) {
  if (values.signal !== "impulse" || peak === 0) return "";
  /** @type {(side: number) => Point[]} */
  const edge = (side) => rest.map((state, t) => [x(t), y(state + side * FORGOTTEN * peak)]);
  return band(edge(1).slice(ONSET), edge(-1).slice(ONSET), { fill: TINT });
}

/**
 * What the unit would do by itself, named in the corner above.
 *
 * @type {(result: Result, points: (states: number[]) => Point[], right: number) => string}
 */
function restLine({ rest, peak }, points, right) {
  if (peak === 0 || rest.every((state) => state === 0)) return "";
  const dashes = { stroke: SOFT, "stroke-width": 1.5, "stroke-dasharray": "5 4" };
  const y = STATE.top - 12;
  return (
    curve(points(rest), dashes) +
    segment(right - 138, y, right - 112, y, dashes) +
    text(right, y + 4, "without the input", { ...END, fill: SOFT })
  );
}

/**
 * Ends of the state's axis: fixed for tanh, so that settings can be compared.
 *
 * @type {(unit: Unit, result: Result) => [low: number, high: number]}
 */
function stateLimits({ activation }, { h, rest }) {
  const furthest = activation === "tanh" ? 1 : Math.max(1, ...[...h, ...rest].map(Math.abs));
  return [-1.08 * furthest, 1.08 * furthest];
}

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(values, result, width) {
  const right = width - 12;
  const x = scale(0, N_STEPS, LEFT + 8, right - 8);
  const inputY = scale(-2.1, 2.1, INPUT.bottom, INPUT.top);
  const [low, high] = stateLimits(values, result);
  const stateY = scale(low, high, STATE.bottom, STATE.top);
  const radius = width < 480 ? 2.5 : 3.5;

  const stems = result.x.map((value, i) => {
    const at = { x: x(i + 1), y: inputY(value) };
    const look = { stroke: INPUT_COLOUR, "stroke-width": 2 };
    return (
      segment(at.x, inputY(0), at.x, at.y, look) +
      circle(at.x, at.y, radius, { fill: INPUT_COLOUR })
    );
  });
  /** @type {(states: number[]) => Point[]} */
  const points = (states) => states.map((state, t) => [x(t), stateY(state)]);
  const dots = result.h.map((state, t) =>
    circle(x(t), stateY(state), radius, {
      fill: t === 0 ? PAPER : STATE_COLOUR,
      stroke: STATE_COLOUR,
      "stroke-width": 1.5,
    }),
  );
  const formulaY = STATE.top - 8 - (width < 560 ? 18 : 0);

  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 14, "input x_t", { fill: INPUT_COLOUR, "font-weight": 600 }),
      valueAxis([-2, 0, 2], inputY, LEFT, right),
      ...stems,
      text(width < 420 ? 2 : LEFT, formulaY, formula(values), {
        fill: STATE_COLOUR,
        "font-weight": 600,
      }),
      valueAxis(ticks(low, high, 5), stateY, LEFT, right),
      forgottenBand(values, result, x, stateY),
      restLine(result, points, right),
      curve(points(result.h), { stroke: STATE_COLOUR, "stroke-width": 1.8 }),
      ...dots,
      measure(values, result, x),
      ...stepLine(x),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
