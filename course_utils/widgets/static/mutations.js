/* What a mutation does. See mutations.py: the same numbers, sentence and picture. */

// ---------------------------------------------------------------- the network

const BASES = "ACGT";
const SITE = 7; // bases in a planted site

const sigmoid = (value) => 1 / (1 + Math.exp(-value));

/** One step of a GRU that resets after the product; the input is one-hot, a row of the kernel. */
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

const sum = (one, other) => one.map((value, i) => value + other[i]);

/** Evidence after the states that `total` sums up. */
function evidenceOf(total, n, { W_hy, b_y }) {
  return total.reduce((all, value, i) => all + (value / n) * (W_hy[i][1] - W_hy[i][0]), b_y[1] - b_y[0]);
}

/** Evidence of a sequence, and what each change of one base does to it. */
function mutate(ids, weights) {
  const zeros = weights.W_hy.map(() => 0);
  const states = [zeros];
  const totals = [zeros];
  ids.forEach((base, t) => {
    states.push(step(states[t], base, weights));
    totals.push(sum(totals[t], states[t + 1]));
  });
  const evidence = evidenceOf(totals.at(-1), ids.length, weights);
  const effect = (place, base) => {
    if (ids[place] === base) return 0;
    let [h, total] = [states[place], totals[place]]; // before the change nothing changes
    for (let t = place; t < ids.length; t++) {
      h = step(h, t === place ? base : ids[t], weights);
      total = sum(total, h);
    }
    return evidenceOf(total, ids.length, weights) - evidence;
  };
  return { evidence, effects: [0, 1, 2, 3].map((base) => ids.map((_, place) => effect(place, base))) };
}

const plain = (typed, most) =>
  [...typed.toUpperCase()].filter((base) => BASES.includes(base)).slice(0, most).join("");

let last = { key: null }; // place and base change the sentence only: keep what was computed

export function compute({ sequence: chosen, typed, place: wanted, base }, data) {
  const bases = chosen === data.own ? plain(typed, data.max_steps) : data.sequences[chosen];
  const place = Math.min(wanted, bases.length);
  if (!bases) return { bases, evidence: null, effects: [[], [], [], []], place: 0, changed: null };
  if (last.key !== bases || last.weights !== data.weights) {
    const ids = [...bases].map((each) => BASES.indexOf(each));
    last = { key: bases, weights: data.weights, ...mutate(ids, data.weights) };
  }
  const { evidence, effects } = last;
  return { bases, evidence, effects, place, changed: evidence + effects[BASES.indexOf(base)][place - 1] };
}

// ---------------------------------------------------------------- what it says

const signed = (value) => `${value > 0 ? "+" : ""}${formatNumber(value)}`;

export function sentence({ base }, { bases, evidence, effects, place }, data) {
  if (!bases) return `Type 1 to ${data.max_steps} of the letters A, C, G and T.`;
  const old = bases[place - 1];
  const change = base === old
    ? `at place ${place} there is ${old} already`
    : `${base} for ${old} at place ${place} moves it by ${signed(effects[BASES.indexOf(base)][place - 1])}`;
  let worst = [0, 0];
  for (let t = 0; t < bases.length; t++) {
    for (let b = 0; b < 4; b++) if (effects[b][t] < effects[worst[0]][worst[1]] - 1e-9) worst = [b, t];
  }
  const [b, t] = worst;
  return `The evidence for the motif is ${formatNumber(evidence)} (probability ` +
    `${formatNumber(sigmoid(evidence))}); ${change}, and what hurts most is ${BASES[b]} ` +
    `at place ${t + 1} (${signed(effects[b][t])}).`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 44;
const BARS = [30, 116];
const MAP = 128;
const ROW = 19;
const BELOW = MAP + 4 * ROW;
const UP = "var(--unrolled-vermillion)";
const DOWN = "var(--unrolled-blue)";

export function draw({ sequence: chosen, base: put }, { bases, effects, place, evidence, changed }, width, data) {
  const height = BELOW + 56;
  const said = bases ? `evidence ${formatNumber(evidence)}, after the change ${formatNumber(changed)}` : "";
  const parts = [text(LEFT, 16, said, { fill: INK, "font-size": 13, "font-weight": 600 })];
  const cell = (width - 12 - LEFT) / Math.max(bases.length, 1);
  const at = (t) => LEFT + cell * t;
  const drops = [...bases].map((_, t) => Math.max(0, ...effects.map((row) => -row[t])));
  const most = Math.max(1e-9, ...effects.flat().map(Math.abs));
  const y = scale(0, Math.max(1e-9, ...drops), BARS[1], BARS[0]);
  const start = chosen === data.own ? undefined : data.sites[chosen];

  parts.push(
    tag("line", { x1: LEFT, x2: width - 12, y1: BARS[1], y2: BARS[1], stroke: LINE }),
    text(LEFT - 6, BARS[0] + 8, bases ? formatNumber(Math.max(0, ...drops)) : "", { "text-anchor": "end", fill: SOFT, "font-size": 11 }),
    text(LEFT - 6, BARS[1] + 4, "0", { "text-anchor": "end", fill: SOFT, "font-size": 11 }),
  );
  drops.forEach((drop, t) => parts.push(tag("rect", {
    x: at(t) + cell * 0.1, y: y(drop), width: cell * 0.8, height: BARS[1] - y(drop), fill: DOWN,
  })));
  [...BASES].forEach((name, b) => {
    parts.push(text(LEFT - 8, MAP + ROW * b + 14, name, { "text-anchor": "end", fill: INK, "font-size": 12 }));
    effects[b].forEach((effect, t) => parts.push(tag("rect", {
      x: at(t), y: MAP + ROW * b, width: cell, height: ROW, fill: effect < 0 ? DOWN : UP,
      "fill-opacity": Math.round(100 * Math.abs(effect) / most) / 100,
    })));
  });
  if (bases) parts.push(tag("rect", {
    x: at(place - 1), y: MAP + ROW * BASES.indexOf(put), width: cell, height: ROW, fill: "none", stroke: INK, "stroke-width": 2,
  }));
  if (cell >= 5) [...bases].forEach((name, t) => parts.push(text(at(t + 0.5), BELOW + 14, name, {
    "text-anchor": "middle", fill: INK, "font-size": Math.min(13, cell * 1.25), "font-weight": t === place - 1 ? 700 : 400,
  })));
  if (start) parts.push(tag("line", {
    x1: at(start - 1), x2: at(start - 1 + SITE), y1: BELOW + 20, y2: BELOW + 20, stroke: INK, "stroke-width": 3,
  }));
  parts.push(
    text(LEFT, BELOW + 36, "bars: the largest drop at each place; line: the planted site", { fill: SOFT, "font-size": 11 }),
    text(LEFT, BELOW + 50, "map: blue lowers the evidence, red raises it", { fill: SOFT, "font-size": 11 }),
  );
  return { height, svg: parts.join("") };
}

export default explorer({ compute, sentence, draw });
