/* Parity learned from four kinds of training data. Same numbers as parity_training.py. */

const N_BITS = 12;
const LONGEST = 40;
const N_STRINGS = 200;
const LABELS = { "at every step": "per step", "at the end only": "final" };
const LENGTHS = { "always 12 bits": "fixed", "1 to 12 bits": "mixed" };

const setting = (values) => `${LABELS[values.labels]}, ${LENGTHS[values.lengths]}`;

// ---------------------------------------------------------------- the numbers

/** Logit of "odd" after each bit. */
function read({ W_xh, W_hh, b_h, W_hy, b_y }, bits) {
  let h = b_h.map(() => 0);
  return bits.map((bit) => {
    const before = h;
    h = b_h.map((bias, j) =>
      Math.tanh(before.reduce((sum, h_i, i) => sum + h_i * W_hh[i][j], bit * W_xh[0][j]) + bias));
    return h.reduce((sum, h_j, j) => sum + h_j * W_hy[j][0], 0) + b_y[0];
  });
}

export function compute(values, data) {
  const curves = data.curves[setting(values)];
  const bits = data.bits[values.string - 1].slice(0, values.test_length);
  const logits = read(data.readers[setting(values)], bits);
  let parity = 0;
  const odd = bits.map((bit) => (parity ^= bit));
  return {
    ...curves,
    at: curves.middle[values.test_length - 1],
    bits,
    odd,
    output: logits.map((z) => 1 / (1 + Math.exp(-z))),
    n_right: logits.filter((z, t) => Number(z > 0) === odd[t]).length,
  };
}

// ---------------------------------------------------------------- what they say

export function sentence(values, { at, n_right }, data) {
  const { test_length: n, labels, lengths } = values;
  const n_runs = data.runs[setting(values)];
  const runs = n_runs > 1 ? `median of ${n_runs} runs` : "1 run";
  return `Labels ${labels}, ${lengths}: after ${n} bit${n === 1 ? "" : "s"} ` +
    `${formatNumber(100 * at)} % of ${N_STRINGS} random strings are right (${runs}), ` +
    `and of this string ${n_right} of ${n} step${n === 1 ? "" : "s"}.`;
}

// ---------------------------------------------------------------- the picture: accuracy by length

const STYLES = {
  "per step, fixed": [BLUE, "", "every step, 12 bits"],
  "per step, mixed": [INK, "3 4", "every step, 1 to 12 bits"],
  "final, fixed": [VERMILLION, "", "end only, 12 bits"],
  "final, mixed": ["var(--unrolled-green)", "8 3 2 3", "end only, 1 to 12 bits"],
};
const LEFT = 46;
const TOP = 66;
const BOTTOM = 236;
const LOW = 334; // where the output of the string is 0
const HIGH = 284; // and where it is 1
const HEIGHT = 394;

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Names of the four trainings in two columns, each behind a piece of its line. */
function legend(chosen, width) {
  const size = width < 420 ? 10 : 12;
  return Object.entries(STYLES).map(([setting, [colour, dashes, name]], i) => {
    const [x, y] = [(i % 2) * (width / 2), 12 + 18 * Math.floor(i / 2)];
    const bold = setting === chosen;
    return tag("path", { d: `M${x + 2} ${y - 4}h26`, stroke: colour, "stroke-width": bold ? 4 : 1.5, fill: "none", "stroke-dasharray": dashes }) +
      text(x + 34, y, name, { fill: INK, "font-size": size, "font-weight": bold ? 700 : 400 });
  });
}

function axes(x, y, right) {
  return [
    ...[0, 25, 50, 75, 100].map((share) =>
      tag("line", { x1: LEFT, x2: right, y1: y(share), y2: y(share), stroke: LINE }) +
      text(LEFT - 6, y(share) + 4, share, { "text-anchor": "end", fill: SOFT, "font-size": 12 })),
    ...[1, 12, 20, 30, 40].map((n) =>
      text(x(n), BOTTOM + 16, n, { "text-anchor": "middle", fill: SOFT, "font-size": 12 })),
    tag("line", { x1: x(N_BITS), x2: x(N_BITS), y1: TOP, y2: BOTTOM, stroke: SOFT, "stroke-dasharray": "2 4" }),
    text(0, TOP - 12, "right answers (%)", { fill: SOFT, "font-size": 12 }),
    text((LEFT + right) / 2, BOTTOM + 32, "bits in the string; dotted: longest in the training", { "text-anchor": "middle", fill: INK, "font-size": 12 }),
  ];
}

function curves(values, result, data, x, y) {
  const chosen = setting(values);
  const line = (shares) => shares.map((share, i) => [x(i + 1), y(100 * share)]);
  const [colour] = STYLES[chosen];
  return [
    tag("path", { d: `${path([...line(result.low), ...line(result.high).reverse()])}Z`, fill: colour, "fill-opacity": 0.18 }),
    ...Object.entries(STYLES).map(([name, [stroke, dashes]]) =>
      tag("path", { d: path(line(data.curves[name].middle)), stroke, fill: "none", "stroke-width": name === chosen ? 3.5 : 1.3, "stroke-dasharray": dashes })),
    tag("circle", { cx: x(values.test_length), cy: y(100 * result.at), r: 6.5, fill: "none", stroke: INK, "stroke-width": 2 }),
  ];
}

// ---------------------------------------------------------------- the picture: one string

const cross = (x, y, r) =>
  tag("path", { d: `M${(x - r).toFixed(1)} ${(y - r).toFixed(1)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`, stroke: VERMILLION, "stroke-width": 2, fill: "none" });

function string({ bits, odd, output }, right) {
  const cell = Math.min(26, (right - LEFT) / bits.length);
  const x = (t) => LEFT + (t + 0.5) * cell;
  const y = scale(0, 1, LOW, HIGH);
  const r = Math.min(5, 0.38 * cell);
  const stairs = odd.flatMap((each, t) => [[x(t) - cell / 2, y(each)], [x(t) + cell / 2, y(each)]]);
  return [
    ...["even", "odd"].map((name, i) =>
      text(LEFT - 6, y(i) + 4, name, { "text-anchor": "end", fill: SOFT, "font-size": 12 })),
    tag("line", { x1: LEFT, x2: LEFT + bits.length * cell, y1: y(0.5), y2: y(0.5), stroke: LINE }),
    tag("path", { d: path(stairs), stroke: SOFT, fill: "none", "stroke-width": 1 }),
    ...output.map((p, t) => (Number(p > 0.5) === odd[t]
      ? tag("circle", { cx: x(t), cy: y(p), r, fill: BLUE })
      : cross(x(t), y(p), r))),
    text(0, LOW + 28, "bits", { fill: SOFT, "font-size": 12 }),
    ...bits.map((bit, t) =>
      text(x(t), LOW + 28, bit, { "text-anchor": "middle", "font-size": cell < 10 ? 8 : 12, "font-weight": bit ? 700 : 400 })),
    text(0, HEIGHT - 10, "grey: true parity · dots: output, right · crosses: wrong", { fill: INK, "font-size": 12 }),
  ];
}

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
