/* Parity with two units, OR and AND, set by hand. Same numbers as parity.py. */

const N_STEPS = 12;
const STEPS = range(N_STEPS + 1);
const ODD_EVEN = ["even", "odd"];

/** @typedef {{ t: number, gain: number } & Settings} Values  and the bits x_1 to x_12 */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @param {Values} values */
export function compute(values) {
  const x = STEPS.slice(1).map((t) => Number(values[`x_${t}`]));
  const [h_or, h_and, odd] = [[0], [0], [0]];
  for (const x_t of x) {
    const total = x_t + (last(h_or) - last(h_and)) / 2;
    h_or.push(Math.tanh(values.gain * (total - 0.5)));
    h_and.push(Math.tanh(values.gain * (total - 1.5)));
    odd.push(last(odd) ^ x_t);
  }
  const y = h_or.map((one, t) => one - h_and[t] - 1);
  const answer = y.map((y_t) => Number(y_t > 0));
  const wrong = STEPS.slice(1).filter((t) => answer[t] !== odd[t]);
  return {
    x,
    h_or,
    h_and,
    y,
    odd,
    answer,
    ones: sum(x.slice(0, values.t)),
    n_right: N_STEPS - wrong.length,
    first_wrong: wrong[0] ?? null,
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result) => string} */
export function sentence({ t }, { h_or, h_and, y, answer, odd, ones, n_right, first_wrong }) {
  const bits = t
    ? `After ${counted(t, "bit")} with ${counted(ones, "one")}`
    : "Before the first bit";
  const right = answer[t] === odd[t] ? "right" : "wrong";
  return (
    `${bits}, OR is at ${formatNumber(h_or[t])} and AND at ${formatNumber(h_and[t])}, ` +
    `so y_${t} = ${formatNumber(y[t])} says ${ODD_EVEN[answer[t]]}, which is ${right}; ` +
    `of the ${N_STEPS} steps the network has ${n_right} right` +
    (first_wrong === null ? "." : `, the first error at step ${first_wrong}.`)
  );
}

// ---------------------------------------------------------------- the picture: the graph of step t

const RADIUS = 23;
const ROW = { or: 60, and: 126, x: 192 };

/** @param {number} value */
const twoDigits = (value) => minus(value.toFixed(2).replace(/^-(0\.00)$/, "$1"));

/** How far a unit is on, from 0 to 1. @param {number} value */
const lit = (value) => clip((value + 1) / 2, 0, 1);

/**
 * A unit; the more it is on, the more it is filled.
 *
 * @type {(x: number, y: number, value: number, name: string) => string}
 */
function unit(x, y, value, name) {
  const on = lit(value);
  const fill = { fill: BLUE, "fill-opacity": on, stroke: BLUE, "stroke-width": 1.5 };
  return (
    circle(x, y, RADIUS, { fill: PAPER }) +
    circle(x, y, RADIUS, fill) +
    text(x, y + 5, twoDigits(value), {
      ...MIDDLE,
      "font-weight": 600,
      fill: on > 0.6 ? PAPER : INK,
    }) +
    text(x, y - RADIUS - 5, name, { ...MIDDLE, fill: SOFT, "font-size": 12 })
  );
}

/**
 * The input or the answer: a square with its value.
 *
 * @type {(x: number, y: number, label: string | number, name: string, colour: string) => string}
 */
function box(x, y, label, name, colour) {
  const look = { rx: 4, fill: PAPER, stroke: colour, "stroke-width": 1.5 };
  return (
    rect(x - RADIUS, y - 17, 2 * RADIUS, 34, look) +
    text(x, y + 5, label, { ...MIDDLE, "font-weight": 600, fill: colour }) +
    text(x, y - 22, name, { ...MIDDLE, fill: SOFT, "font-size": 12 })
  );
}

/**
 * A connection from rim to rim: solid where it adds, dashed where it subtracts.
 *
 * @type {(x1: number, y1: number, x2: number, y2: number, sign: number) => string}
 */
function edge(x1, y1, x2, y2, sign) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const end = { x: x2 - dx * (RADIUS + 3), y: y2 - dy * (RADIUS + 3) };
  const colour = sign > 0 ? BLUE : VERMILLION;
  const dashes = sign > 0 ? undefined : "6 4";
  return (
    segment(x1 + dx * RADIUS, y1 + dy * RADIUS, end.x - 6 * dx, end.y - 6 * dy, {
      stroke: colour,
      "stroke-width": 1.6,
      "stroke-dasharray": dashes,
    }) + arrowHead(end.x, end.y, dx, dy, 8, colour)
  );
}

/** @type {(values: Values, result: Result, width: number) => string} */
function graph({ t }, { x, h_or, h_and, y, answer }, width) {
  const [before, now, last] = [0.14, 0.48, 0.84].map((share) => share * width);
  const middle = (ROW.or + ROW.and) / 2;
  const past =
    t === 0
      ? ""
      : [
          edge(before, ROW.or, now, ROW.or, 1),
          edge(before, ROW.or, now, ROW.and, 1),
          edge(before, ROW.and, now, ROW.or, -1),
          edge(before, ROW.and, now, ROW.and, -1),
          edge(before, ROW.x, now, ROW.or, 1),
          edge(before, ROW.x, now, ROW.and, 1),
          unit(before, ROW.or, h_or[t - 1], "OR"),
          unit(before, ROW.and, h_and[t - 1], "AND"),
          box(before, ROW.x, x[t - 1], `bit x_${t}`, INK),
        ].join("");
  const head = { ...MIDDLE, "font-weight": 600, fill: INK };
  return [
    t === 0 ? "" : text(before, 15, `step ${t - 1}`, head),
    text(now, 15, `step ${t}`, head),
    text(last, 15, "read-out", head),
    past,
    edge(now, ROW.or, last, middle, 1),
    edge(now, ROW.and, last, middle, -1),
    unit(now, ROW.or, h_or[t], "OR"),
    unit(now, ROW.and, h_and[t], "AND"),
    box(last, middle, twoDigits(y[t]), `y_${t}`, answer[t] ? BLUE : VERMILLION),
    text(last, middle + 38, `says ${ODD_EVEN[answer[t]]}`, {
      ...MIDDLE,
      "font-weight": 600,
    }),
    text(now + 34, ROW.x - 4, "solid: adds", { fill: BLUE, "font-size": 12 }),
    text(now + 34, ROW.x + 13, "dashed: subtracts", { fill: VERMILLION, "font-size": 12 }),
  ].join("");
}

// ---------------------------------------------------------------- the picture: the whole string

const SIDE = 62; // left of the table: the names of its rows
const CELL = 25;
const TOP = 244;
const HEIGHT = TOP + 5 * CELL + 44;

/** @type {(x: number, row: number, width: number, value: number) => string} */
function shade(x, row, width, value) {
  const look = { fill: BLUE, "fill-opacity": lit(value), stroke: LINE };
  return rect(x + 1, TOP + row * CELL + 1, width - 2, CELL - 2, look);
}

/**
 * @param {number} x
 * @param {number} row
 * @param {number} width
 * @param {string | number} label
 * @param {Look} look
 */
const entry = (x, row, width, label, look = {}) =>
  text(x + width / 2, TOP + row * CELL + 17, label, { ...MIDDLE, ...look });

/**
 * Bit, units, answer and parity of one step, top to bottom.
 *
 * @type {(t: number, x: number, width: number, result: Result) => string}
 */
function column(t, x, width, { x: bits, h_or, h_and, answer, odd }) {
  const wrong = answer[t] !== odd[t];
  const frame = { fill: "none", stroke: VERMILLION, "stroke-width": 2 };
  const look = { fill: VERMILLION, "font-weight": 700 };
  return [
    entry(x, 0, width, t === 0 ? "" : bits[t - 1], { "font-weight": 600 }),
    shade(x, 1, width, h_or[t]),
    shade(x, 2, width, h_and[t]),
    entry(x, 3, width, `${answer[t]}${wrong ? "✗" : ""}`, wrong ? look : {}),
    wrong ? rect(x + 1.5, TOP + 3 * CELL + 1.5, width - 3, CELL - 3, frame) : "",
    entry(x, 4, width, odd[t]),
    entry(x, 5, width, t, { fill: SOFT, "font-size": 12 }),
  ].join("");
}

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(values, result, width) {
  const cell = (width - SIDE - 4) / (N_STEPS + 1);
  /** @param {number} t */
  const left = (t) => SIDE + t * cell;
  const names = ["bit x_t", "OR", "AND", "network", "parity"].map((name, row) =>
    text(0, TOP + row * CELL + 17, name, { fill: row < 3 ? INK : SOFT }),
  );
  const columns = STEPS.map((t) =>
    tag("g", { opacity: t > values.t ? 0.45 : 1 }, column(t, left(t), cell, result)),
  );
  const marked = rect(left(values.t), TOP - 3, cell, 5 * CELL + 6, {
    rx: 3,
    fill: "none",
    stroke: INK,
    "stroke-width": 2,
  });
  return {
    height: HEIGHT,
    svg: [
      graph(values, result, width),
      ...names,
      ...columns,
      marked,
      text(left(0) + (width - SIDE) / 2, HEIGHT - 4, "time step t", MIDDLE),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
