/* Parity learned from four kinds of training data. Same numbers as parity_training.py. */

const N_BITS = 12;
const LONGEST = 40;
const N_STRINGS = 200;
/** @typedef {{ labels: string, lengths: string, test_length: number, string: number }} Values */
/** @typedef {{ low: number[], middle: number[], high: number[] }} Curves  shares, by length */

/**
 * @typedef {object} Reader  weights of a trained network
 * @property {number[][]} W_xh
 * @property {number[][]} W_hh
 * @property {number[]} b_h
 * @property {number[][]} W_hy
 * @property {number[]} b_y
 */

/**
 * By setting: the curves of all runs and their number, and the network that reads the string.
 *
 * @typedef {object} Data
 * @property {Record<string, Curves>} curves
 * @property {Record<string, number>} runs
 * @property {Record<string, Reader>} readers
 * @property {number[][]} bits  of each string
 */

/** @typedef {ReturnType<typeof compute>} Result */

/** @type {Record<string, string>} */
const LABELS = { "at every step": "per step", "at the end only": "final" };
/** @type {Record<string, string>} */
const LENGTHS = { "always 12 bits": "fixed", "1 to 12 bits": "mixed" };

/** @param {Values} values */
const setting = (values) => `${LABELS[values.labels]}, ${LENGTHS[values.lengths]}`;

// ---------------------------------------------------------------- the numbers

/** Logit of "odd" after each bit. @type {(reader: Reader, bits: number[]) => number[]} */
function read({ W_xh, W_hh, b_h, W_hy, b_y }, bits) {
  let h = b_h.map(() => 0);
  return bits.map((bit) => {
    const before = h;
    h = b_h.map((bias, j) =>
      Math.tanh(bit * W_xh[0][j] + sum(before.map((h_i, i) => h_i * W_hh[i][j])) + bias),
    );
    return sum(h.map((h_j, j) => h_j * W_hy[j][0])) + b_y[0];
  });
}

/** @param {Values} values @param {Data} data */
export function compute(values, data) {
  const curves = data.curves[setting(values)];
  const bits = data.bits[values.string - 1].slice(0, values.test_length);
  const logits = read(data.readers[setting(values)], bits);
  let parity = 0;
  const odd = bits.map((bit) => {
    parity ^= bit;
    return parity;
  });
  return {
    ...curves,
    at: curves.middle[values.test_length - 1],
    bits,
    odd,
    output: logits.map(sigmoid),
    n_right: logits.filter((z, t) => Number(z > 0) === odd[t]).length,
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(values, { at, n_right }, data) {
  const { test_length: n, labels, lengths } = values;
  const n_runs = data.runs[setting(values)];
  const runs = n_runs > 1 ? `median of ${n_runs} runs` : "1 run";
  return (
    `Labels ${labels}, ${lengths}: after ${counted(n, "bit")} ` +
    `${formatNumber(100 * at)} % of ${N_STRINGS} random strings are right (${runs}), ` +
    `and of this string ${n_right} of ${counted(n, "step")}.`
  );
}

// ---------------------------------------------------------------- the picture: accuracy by length

/** @type {Record<string, { name: string, stroke: string, dashes?: string }>} */
const STYLES = {
  "per step, fixed": { name: "every step, 12 bits", stroke: BLUE },
  "per step, mixed": { name: "every step, 1 to 12 bits", stroke: INK, dashes: "3 4" },
  "final, fixed": { name: "end only, 12 bits", stroke: VERMILLION },
  "final, mixed": { name: "end only, 1 to 12 bits", stroke: GREEN, dashes: "8 3 2 3" },
};
const LEFT = 46;
const TOP = 66;
const BOTTOM = 236;
const LOW = 334; // where the output of the string is 0
const HIGH = 284; // and where it is 1
const HEIGHT = 394;

/**
 * Names of the four trainings in two columns.
 *
 * @param {string} chosen
 * @param {number} width
 */
function legend(chosen, width) {
  return Object.entries(STYLES).map(([each, { name, stroke, dashes }], i) => {
    const [x, y] = [2 + (i % 2) * (width / 2), 12 + 18 * Math.floor(i / 2)];
    const [line, weight] = each === chosen ? [4, 700] : [1.5, 400];
    const style = { stroke, "stroke-width": line, "stroke-dasharray": dashes };
    const look = { fill: INK, "font-size": width < 420 ? 10 : 12, "font-weight": weight };
    return legendEntry(x, y, name, style, look, 26);
  });
}

/** @param {Scale} x @param {Scale} y @param {number} right */
function axes(x, y, right) {
  const size = { "font-size": 12 };
  return [
    valueAxis([0, 25, 50, 75, 100], y, LEFT, right, { strong: null, gap: 6 }, size),
    ...[1, 12, 20, 30, 40].map((n) =>
      text(x(n), BOTTOM + 16, n, { ...MIDDLE, fill: SOFT, ...size }),
    ),
    segment(x(N_BITS), TOP, x(N_BITS), BOTTOM, { stroke: SOFT, "stroke-dasharray": "2 4" }),
    text(0, TOP - 12, "right answers (%)", { fill: SOFT, ...size }),
    text((LEFT + right) / 2, BOTTOM + 32, "bits in the string; dotted: longest in the training", {
      ...MIDDLE,
      fill: INK,
      ...size,
    }),
  ];
}

/** @type {(values: Values, result: Result, data: Data, x: Scale, y: Scale) => string[]} */
function curves(values, result, data, x, y) {
  const chosen = setting(values);
  /** @type {(shares: number[]) => Point[]} */
  const points = (shares) => shares.map((share, i) => [x(i + 1), y(100 * share)]);
  return [
    band(points(result.low), points(result.high), {
      fill: STYLES[chosen].stroke,
      "fill-opacity": 0.18,
    }),
    ...Object.entries(STYLES).map(([name, { stroke, dashes }]) =>
      curve(points(data.curves[name].middle), {
        stroke,
        "stroke-width": name === chosen ? 3.5 : 1.3,
        "stroke-dasharray": dashes,
      }),
    ),
    circle(x(values.test_length), y(100 * result.at), 6.5, {
      fill: "none",
      stroke: INK,
      "stroke-width": 2,
    }),
  ];
}

// ---------------------------------------------------------------- the picture: one string

/** @param {number} x @param {number} y @param {number} r */
function cross(x, y, r) {
  const d =
    path([
      [x - r, y - r],
      [x + r, y + r],
    ]) +
    path([
      [x + r, y - r],
      [x - r, y + r],
    ]);
  return tag("path", { d, stroke: VERMILLION, "stroke-width": 2, fill: "none" });
}

/** @param {Result} result @param {number} right */
function string({ bits, odd, output }, right) {
  const cell = Math.min(26, (right - LEFT) / bits.length);
  /** @param {number} t */
  const x = (t) => LEFT + (t + 0.5) * cell;
  const y = scale(0, 1, LOW, HIGH);
  const r = Math.min(5, 0.38 * cell);
  /** @type {Point[]} */
  const stairs = odd.flatMap((each, t) => [
    [x(t) - cell / 2, y(each)],
    [x(t) + cell / 2, y(each)],
  ]);
  return [
    ...["even", "odd"].map((name, i) =>
      text(LEFT - 6, y(i) + 4, name, { ...END, fill: SOFT, "font-size": 12 }),
    ),
    segment(LEFT, y(0.5), LEFT + bits.length * cell, y(0.5), { stroke: LINE }),
    curve(stairs, { stroke: SOFT, "stroke-width": 1 }),
    ...output.map((p, t) =>
      Number(p > 0.5) === odd[t] ? circle(x(t), y(p), r, { fill: BLUE }) : cross(x(t), y(p), r),
    ),
    text(0, LOW + 28, "bits", { fill: SOFT, "font-size": 12 }),
    ...bits.map((bit, t) =>
      text(x(t), LOW + 28, bit, {
        ...MIDDLE,
        "font-size": cell < 10 ? 8 : 12,
        "font-weight": bit ? 700 : 400,
      }),
    ),
    text(0, HEIGHT - 10, "grey: true parity · dots: output, right · crosses: wrong", {
      fill: INK,
      "font-size": 12,
    }),
  ];
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const right = width - 12;
  const x = scale(1, LONGEST, LEFT + 6, right - 6);
  const y = scale(0, 100, BOTTOM, TOP);
  return {
    height: HEIGHT,
    svg: [
      ...legend(setting(values), width),
      ...axes(x, y, right),
      ...curves(values, result, data, x, y),
      ...string(result, right),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
