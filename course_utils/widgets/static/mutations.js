/* What a mutation does. See mutations.py: the same numbers, sentence and picture. */

// ---------------------------------------------------------------- the network

const BASES = "ACGT";
const SITE = 7; // bases in a planted site

/** @typedef {{ sequence: string, typed: string, place: number, base: string }} Values */
/** @typedef {{ kernel: number[][], recurrent_kernel: number[][], bias: number[][] }} Cell */
/** @typedef {{ W_hy: number[][], b_y: number[] }} ReadOut */

/**
 * @typedef {object} Data
 * @property {string} own  the choice of a typed sequence
 * @property {number} max_steps
 * @property {Record<string, string>} sequences
 * @property {Record<string, number>} sites  first places of the planted sites
 * @property {Cell & ReadOut} weights
 */

/** @typedef {{ evidence: number, effects: number[][] }} Effects  effects by base and place */
/** @typedef {{ bases: string, place: number, changed: number | null }} Chosen */
/** @typedef {Chosen & { evidence: number | null, effects: number[][] }} Result */

/**
 * One step of a GRU that resets after the product; the input is one-hot, a row of the kernel.
 *
 * @type {(h: number[], base: number, cell: Cell) => number[]}
 */
function step(h, base, { kernel, recurrent_kernel: recurrent, bias }) {
  const n = h.length;
  const recalled = bias[1].slice();
  for (let i = 0; i < n; i++) {
    const row = recurrent[i];
    for (let j = 0; j < 3 * n; j++) recalled[j] += h[i] * row[j];
  }
  return h.map((old, i) => {
    const [z, r] = [i, n + i].map((j) => sigmoid(kernel[base][j] + bias[0][j] + recalled[j]));
    const g = Math.tanh(kernel[base][2 * n + i] + bias[0][2 * n + i] + r * recalled[2 * n + i]);
    return z * old + (1 - z) * g;
  });
}

/** @type {(one: number[], other: number[]) => number[]} */
const added = (one, other) => one.map((value, i) => value + other[i]);

/**
 * Evidence after the states that `total` sums up.
 *
 * @type {(total: number[], n: number, readOut: ReadOut) => number}
 */
function evidenceOf(total, n, { W_hy, b_y }) {
  const parts = total.map((value, i) => (value / n) * (W_hy[i][1] - W_hy[i][0]));
  return b_y[1] - b_y[0] + sum(parts);
}

/**
 * Evidence of a sequence, and what each change of one base does to it.
 *
 * @type {(ids: number[], weights: Cell & ReadOut) => Effects}
 */
function mutate(ids, weights) {
  const zeros = weights.W_hy.map(() => 0);
  const states = [zeros];
  const totals = [zeros];
  ids.forEach((base, t) => {
    states.push(step(states[t], base, weights));
    totals.push(added(totals[t], states[t + 1]));
  });
  const evidence = evidenceOf(last(totals), ids.length, weights);
  /** @param {number} place @param {number} base */
  const effect = (place, base) => {
    if (ids[place] === base) return 0;
    let [h, total] = [states[place], totals[place]]; // before the change nothing changes
    for (let t = place; t < ids.length; t++) {
      h = step(h, t === place ? base : ids[t], weights);
      total = added(total, h);
    }
    return evidenceOf(total, ids.length, weights) - evidence;
  };
  return {
    evidence,
    effects: [0, 1, 2, 3].map((base) => ids.map((_, place) => effect(place, base))),
  };
}

/** @type {(typed: string, most: number) => string} */
const plain = (typed, most) =>
  [...typed.toUpperCase()]
    .filter((base) => BASES.includes(base))
    .slice(0, most)
    .join("");

// Place and base change the sentence only: what was computed is kept.
/** @type {(Effects & { bases: string, weights: Cell & ReadOut }) | null} */
let latest = null;

/** @type {(values: Values, data: Data) => Result} */
export function compute({ sequence: chosen, typed, place: wanted, base }, data) {
  const bases = chosen === data.own ? plain(typed, data.max_steps) : data.sequences[chosen];
  const place = Math.min(wanted, bases.length);
  if (!bases) return { bases, evidence: null, effects: [[], [], [], []], place: 0, changed: null };
  if (latest?.bases !== bases || latest.weights !== data.weights) {
    const ids = [...bases].map((each) => BASES.indexOf(each));
    latest = { bases, weights: data.weights, ...mutate(ids, data.weights) };
  }
  const { evidence, effects } = latest;
  const changed = evidence + effects[BASES.indexOf(base)][place - 1];
  return { bases, evidence, effects, place, changed };
}

// ---------------------------------------------------------------- what it says

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence({ base }, { bases, evidence, effects, place }, data) {
  if (evidence === null) return `Type 1 to ${data.max_steps} of the letters A, C, G and T.`;
  const old = bases[place - 1];
  const effect = effects[BASES.indexOf(base)][place - 1];
  const change =
    base === old
      ? `at place ${place} there is ${old} already`
      : `${base} for ${old} at place ${place} moves it by ${formatSigned(effect)}`;
  let [b, t] = [0, 0]; // of the change that hurts most
  for (const at of range(bases.length)) {
    for (const put of range(4)) {
      if (effects[put][at] < effects[b][t] - 1e-9) [b, t] = [put, at];
    }
  }
  return (
    `The evidence for the motif is ${formatNumber(evidence)} (probability ` +
    `${formatNumber(sigmoid(evidence))}); ${change}, and what hurts most is ${BASES[b]} ` +
    `at place ${t + 1} (${formatSigned(effects[b][t])}).`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 44;
const BARS = [30, 116];
const MAP = 128;
const ROW = 19;
const BELOW = MAP + 4 * ROW;
const UP = VERMILLION;
const DOWN = BLUE;
const SMALL = { fill: SOFT, "font-size": 11 };

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw({ sequence: chosen, base: put }, result, width, data) {
  const { bases, effects, place, evidence, changed } = result;
  const said =
    evidence === null || changed === null
      ? ""
      : `evidence ${formatNumber(evidence)}, after the change ${formatNumber(changed)}`;
  const right = width - 12;
  const cell = (right - LEFT) / Math.max(bases.length, 1);
  /** @param {number} t */
  const at = (t) => LEFT + cell * t;
  const drops = [...bases].map((_, t) => Math.max(0, ...effects.map((row) => -row[t])));
  const most = Math.max(1e-9, ...effects.flat().map(Math.abs));
  const y = scale(0, Math.max(1e-9, ...drops), BARS[1], BARS[0]);
  const start = chosen === data.own ? undefined : data.sites[chosen];

  const bars = drops.map((drop, t) =>
    rect(at(t) + cell * 0.1, y(drop), cell * 0.8, BARS[1] - y(drop), { fill: DOWN }),
  );
  const map = [...BASES].flatMap((name, b) => [
    text(LEFT - 8, MAP + ROW * b + 14, name, { ...END, fill: INK, "font-size": 12 }),
    ...effects[b].map((effect, t) =>
      rect(at(t), MAP + ROW * b, cell, ROW, {
        fill: effect < 0 ? DOWN : UP,
        "fill-opacity": Math.round((100 * Math.abs(effect)) / most) / 100,
      }),
    ),
  ]);
  const marked = rect(at(place - 1), MAP + ROW * BASES.indexOf(put), cell, ROW, {
    fill: "none",
    stroke: INK,
    "stroke-width": 2,
  });
  const letters = [...bases].map((name, t) =>
    text(at(t + 0.5), BELOW + 14, name, {
      ...MIDDLE,
      fill: INK,
      "font-size": Math.min(13, cell * 1.25),
      "font-weight": t === place - 1 ? 700 : 400,
    }),
  );
  const site = start
    ? segment(at(start - 1), BELOW + 20, at(start - 1 + SITE), BELOW + 20, {
        stroke: INK,
        "stroke-width": 3,
      })
    : "";
  return {
    height: BELOW + 56,
    svg: [
      text(LEFT, 16, said, { fill: INK, "font-size": 13, "font-weight": 600 }),
      segment(LEFT, BARS[1], right, BARS[1], { stroke: LINE }),
      text(LEFT - 6, BARS[0] + 8, bases ? formatNumber(Math.max(0, ...drops)) : "", {
        ...END,
        ...SMALL,
      }),
      text(LEFT - 6, BARS[1] + 4, "0", { ...END, ...SMALL }),
      ...bars,
      ...map,
      bases ? marked : "",
      ...(cell >= 5 ? letters : []),
      site,
      text(LEFT, BELOW + 36, "bars: the largest drop at each place; line: the planted site", SMALL),
      text(LEFT, BELOW + 50, "map: blue lowers the evidence, red raises it", SMALL),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
