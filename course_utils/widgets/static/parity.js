/* Parity with two units, OR and AND, set by hand. Same numbers as parity.py. */

const N_STEPS = 12;
const STEPS = Array.from({ length: N_STEPS + 1 }, (_, t) => t);
const ODD_EVEN = ["even", "odd"];

// ---------------------------------------------------------------- the numbers

export function compute(values) {
  const x = STEPS.slice(1).map((t) => Number(values[`x_${t}`]));
  const [h_or, h_and, odd] = [[0], [0], [0]];
  for (const x_t of x) {
    const total = x_t + (h_or.at(-1) - h_and.at(-1)) / 2;
    h_or.push(Math.tanh(values.gain * (total - 0.5)));
    h_and.push(Math.tanh(values.gain * (total - 1.5)));
    odd.push(odd.at(-1) ^ x_t);
  }
  const y = h_or.map((one, t) => one - h_and[t] - 1);
  const answer = y.map((y_t) => Number(y_t > 0));
  const wrong = STEPS.slice(1).filter((t) => answer[t] !== odd[t]);
  return {
    x, h_or, h_and, y, odd, answer,
    ones: x.slice(0, values.t).reduce((sum, bit) => sum + bit, 0),
    n_right: N_STEPS - wrong.length,
    first_wrong: wrong[0] ?? null,
  };
}

// ---------------------------------------------------------------- what they say

function progress(t, ones) {
  if (t === 0) return "Before the first bit";
  return `After ${t === 1 ? "1 bit" : `${t} bits`} with ${ones} ${ones === 1 ? "one" : "ones"}`;
}

export function sentence({ t }, { h_or, h_and, y, answer, odd, ones, n_right, first_wrong }) {
  const right = answer[t] === odd[t] ? "right" : "wrong";
  return `${progress(t, ones)}, OR is at ${formatNumber(h_or[t])} and AND at ${formatNumber(h_and[t])}, ` +
    `so y_${t} = ${formatNumber(y[t])} says ${ODD_EVEN[answer[t]]}, which is ${right}; ` +
    `of the ${N_STEPS} steps the network has ${n_right} right` +
    (first_wrong === null ? "." : `, the first error at step ${first_wrong}.`);
}

// ---------------------------------------------------------------- the picture: the graph of step t

const RADIUS = 23;
const ROW = { or: 60, and: 126, x: 192 };

const twoDigits = (value) => minus(value.toFixed(2).replace(/^-(0\.00)$/, "$1"));

/** A unit; the more it is on, the more it is filled. */
function unit(x, y, value, name) {
  const lit = Math.max(0, Math.min(1, (value + 1) / 2));
  return tag("circle", { cx: x, cy: y, r: RADIUS, fill: PAPER }) +
    tag("circle", { cx: x, cy: y, r: RADIUS, fill: BLUE, "fill-opacity": lit, stroke: BLUE, "stroke-width": 1.5 }) +
    text(x, y + 5, twoDigits(value), { "text-anchor": "middle", "font-weight": 600, fill: lit > 0.6 ? PAPER : INK }) +
    text(x, y - RADIUS - 5, name, { "text-anchor": "middle", fill: SOFT, "font-size": 12 });
}

/** The input or the answer: a square with its value. */
function box(x, y, label, name, colour) {
  return tag("rect", { x: x - RADIUS, y: y - 17, width: 2 * RADIUS, height: 34, rx: 4, fill: PAPER, stroke: colour, "stroke-width": 1.5 }) +
    text(x, y + 5, label, { "text-anchor": "middle", "font-weight": 600, fill: colour }) +
    text(x, y - 22, name, { "text-anchor": "middle", fill: SOFT, "font-size": 12 });
}

/** A connection from rim to rim: solid where it adds, dashed where it subtracts. */
function edge(x1, y1, x2, y2, sign) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const end = { x: x2 - dx * (RADIUS + 3), y: y2 - dy * (RADIUS + 3) };
  const wing = (turn) => `${(end.x - 8 * dx + turn * 4 * dy).toFixed(1)} ${(end.y - 8 * dy - turn * 4 * dx).toFixed(1)}`;
  const colour = sign > 0 ? BLUE : VERMILLION;
  return tag("line", {
    x1: x1 + dx * RADIUS, y1: y1 + dy * RADIUS, x2: end.x - 6 * dx, y2: end.y - 6 * dy,
    stroke: colour, "stroke-width": 1.6, ...(sign > 0 ? {} : { "stroke-dasharray": "6 4" }),
  }) + tag("path", { d: `M${end.x.toFixed(1)} ${end.y.toFixed(1)}L${wing(1)}L${wing(-1)}Z`, fill: colour });
}

function graph({ t }, { x, h_or, h_and, y, answer }, width) {
  const [before, now, last] = [0.14, 0.48, 0.84].map((share) => share * width);
  const middle = (ROW.or + ROW.and) / 2;
  const past = t === 0 ? "" : [
    edge(before, ROW.or, now, ROW.or, 1), edge(before, ROW.or, now, ROW.and, 1),
    edge(before, ROW.and, now, ROW.or, -1), edge(before, ROW.and, now, ROW.and, -1),
    edge(before, ROW.x, now, ROW.or, 1), edge(before, ROW.x, now, ROW.and, 1),
    unit(before, ROW.or, h_or[t - 1], "OR"), unit(before, ROW.and, h_and[t - 1], "AND"),
    box(before, ROW.x, x[t - 1], `bit x_${t}`, INK),
  ].join("");
  const head = { "text-anchor": "middle", "font-weight": 600, fill: INK };
  return [
    t === 0 ? "" : text(before, 15, `step ${t - 1}`, head),
    text(now, 15, `step ${t}`, head),
    text(last, 15, "read-out", head),
    past,
    edge(now, ROW.or, last, middle, 1), edge(now, ROW.and, last, middle, -1),
    unit(now, ROW.or, h_or[t], "OR"), unit(now, ROW.and, h_and[t], "AND"),
    box(last, middle, twoDigits(y[t]), `y_${t}`, answer[t] ? BLUE : VERMILLION),
    text(last, middle + 38, `says ${ODD_EVEN[answer[t]]}`, { "text-anchor": "middle", "font-weight": 600 }),
    text(now + 34, ROW.x - 4, "solid: adds", { fill: BLUE, "font-size": 12 }),
    text(now + 34, ROW.x + 13, "dashed: subtracts", { fill: VERMILLION, "font-size": 12 }),
  ].join("");
}

// ---------------------------------------------------------------- the picture: the whole string

const SIDE = 62; // left of the table: the names of its rows
const CELL = 25;
const TOP = 244;
const HEIGHT = TOP + 5 * CELL + 44;

function shade(x, row, width, value) {
  const lit = Math.max(0, Math.min(1, (value + 1) / 2));
  return tag("rect", { x: x + 1, y: TOP + row * CELL + 1, width: width - 2, height: CELL - 2, fill: BLUE, "fill-opacity": lit, stroke: LINE });
}

function entry(x, row, width, label, attributes = {}) {
  return text(x + width / 2, TOP + row * CELL + 17, label, { "text-anchor": "middle", ...attributes });
}

/** Bit, units, answer and parity of one step, top to bottom. */
function column(t, x, width, { x: bits, h_or, h_and, answer, odd }) {
  const wrong = answer[t] !== odd[t];
  const frame = { x: x + 1.5, y: TOP + 3 * CELL + 1.5, width: width - 3, height: CELL - 3, fill: "none", stroke: VERMILLION, "stroke-width": 2 };
  return [
    entry(x, 0, width, t === 0 ? "" : bits[t - 1], { "font-weight": 600 }),
    shade(x, 1, width, h_or[t]), shade(x, 2, width, h_and[t]),
    entry(x, 3, width, `${answer[t]}${wrong ? "✗" : ""}`, wrong ? { fill: VERMILLION, "font-weight": 700 } : {}),
    wrong ? tag("rect", frame) : "",
    entry(x, 4, width, odd[t]),
    entry(x, 5, width, t, { fill: SOFT, "font-size": 12 }),
  ].join("");
}

export function draw(values, result, width) {
  const cell = (width - SIDE - 4) / (N_STEPS + 1);
  const left = (t) => SIDE + t * cell;
  const names = ["bit x_t", "OR", "AND", "network", "parity"].map((name, row) =>
    text(0, TOP + row * CELL + 17, name, { fill: row < 3 ? INK : SOFT }));
  const columns = STEPS.map((t) =>
    tag("g", { opacity: t > values.t ? 0.45 : 1 }, column(t, left(t), cell, result)));
  const marked = tag("rect", {
    x: left(values.t), y: TOP - 3, width: cell, height: 5 * CELL + 6, rx: 3,
    fill: "none", stroke: INK, "stroke-width": 2,
  });
  return {
    height: HEIGHT,
    svg: [
      graph(values, result, width), ...names, ...columns, marked,
      text(left(0) + (width - SIDE) / 2, HEIGHT - 4, "time step t", { "text-anchor": "middle" }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
