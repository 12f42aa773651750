/* A trained LSTM or GRU with gates held at a value. Same numbers as gate_playground.py. */

const GATES = {
  i: ["input gate i", "var(--unrolled-vermillion)"],
  f: ["forget gate f", "var(--unrolled-blue)"],
  o: ["output gate o", "var(--unrolled-green)"],
  z: ["update gate z", "var(--unrolled-blue)"],
  r: ["reset gate r", "var(--unrolled-vermillion)"],
};

// ---------------------------------------------------------------- the numbers

const sigmoid = (a) => 0.5 + 0.5 * Math.tanh(0.5 * a);

/** bias + row times matrix. */
function affine(row, matrix, bias) {
  const sum = [...bias];
  row.forEach((value, i) => {
    for (let j = 0; j < sum.length; j += 1) sum[j] += value * matrix[i][j];
  });
  return sum;
}

/** Shares of one gate for all units: what it is held at, or what its sums make. */
const share = (held, name, sums) => sums.map((a) => held[name] ?? sigmoid(a));

/** One step: [gates, h, c], each gate (U). Blocks stand side by side, as in the kernels. */
const STEPS = {
  LSTM({ kernel, recurrent_kernel, bias }, held, x, h, c) {
    const U = h.length;
    const fromState = affine(h, recurrent_kernel, bias.map(() => 0));
    const a = affine(x, kernel, bias).map((sum, k) => sum + fromState[k]);
    const block = (k) => a.slice(k * U, (k + 1) * U);
    const i = share(held, "i", block(0));
    const f = share(held, "f", block(1));
    const o = share(held, "o", block(3));
    const next = block(2).map((sum, u) => f[u] * c[u] + i[u] * Math.tanh(sum));
    return [{ i, f, o }, next.map((value, u) => o[u] * Math.tanh(value)), next];
  },
  GRU({ kernel, recurrent_kernel, bias }, held, x, h) {
    const U = h.length;
    const a = affine(x, kernel, bias[0]);
    const b = affine(h, recurrent_kernel, bias[1]);
    const sums = (k) => h.map((_, u) => a[k * U + u] + b[k * U + u]);
    const z = share(held, "z", sums(0));
    const r = share(held, "r", sums(1));
    const next = h.map((old, u) =>
      z[u] * old + (1 - z[u]) * Math.tanh(a[2 * U + u] + r[u] * b[2 * U + u]));
    return [{ z, r }, next, next];
  },
};

/** All steps of a run: [{ gates, h, memory }]. */
function run({ kind, weights, W_hy }, x, held) {
  let h = W_hy.map(() => 0);
  let memory = h;
  return x.map((row) => {
    let gates;
    [gates, h, memory] = STEPS[kind](weights, held, row, h, memory);
    return { gates, h, memory };
  });
}

const heldGates = (values, { gates }) => gates.filter((name) => values[`force_${name}`]);

const answer = ({ h }, { W_hy, b_y }) => h.reduce((sum, value, u) => sum + value * W_hy[u], 0) + b_y;

export function compute(values, data) {
  const unit = Number(values.unit) - 1;
  const x = data.x[Number(values.sequence) - 1];
  const held = Object.fromEntries(heldGates(values, data).map((name) => [name, values[name]]));
  const steps = run(data, x, held);
  return {
    gates: Object.fromEntries(
      data.gates.map((name) => [name, steps.map(({ gates }) => gates[name][unit])])),
    memory: data.W_hy.map((_, u) => steps.map(({ memory }) => memory[u])),
    h: steps.map(({ h }) => h[unit]),
    answers: steps.map((step) => answer(step, data)),
    free: answer(run(data, x, {}).at(-1), data),
    target: data.y[Number(values.sequence) - 1],
  };
}

// ---------------------------------------------------------------- what they say

export function sentence(values, result, data) {
  const held = heldGates(values, data);
  const [said, free, target] = [result.answers.at(-1), result.free, result.target].map(formatNumber);
  if (!held.length) return `With all gates free the network answers ${free}, and ${target} is right.`;
  const each = held.map((name) => `${name} held at ${formatNumber(values[name])}`);
  const list = each.length > 1 ? `${each.slice(0, -1).join(", ")} and ${each.at(-1)}` : each[0];
  return `With ${list} the network answers ${said}; with all gates free it answered ${free}, ` +
    `and ${target} is right.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 54;
const PANELS = { input: [24, 70], gates: [112, 188], memory: [230, 326], answer: [368, 456] };
const HEIGHT = 506;
const MARK = "var(--unrolled-vermillion)";
const ANSWER = "var(--unrolled-blue)";

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** A panel's scale, with lines and numbers. */
function panel([top, bottom], low, high, marks, right) {
  const y = scale(low, high, bottom, top);
  const lines = marks.map((mark) =>
    tag("line", { x1: LEFT, x2: right, y1: y(mark), y2: y(mark), stroke: LINE }) +
    text(LEFT - 8, y(mark) + 4, formatNumber(mark), { "text-anchor": "end", fill: SOFT }));
  return [y, lines];
}

/** Ends of an axis that holds all of `series` and at least [low, high]. */
function ends(series, low, high) {
  const all = series.flat();
  return [Math.min(low, ...all), Math.max(high, ...all)];
}

function inputPanel(row, x, right) {
  const [y, lines] = panel(PANELS.input, 0, 1, [0, 1], right);
  const stems = row.map(([value, mark], t) =>
    tag("line", {
      x1: x(t + 1), x2: x(t + 1), y1: y(0), y2: y(value),
      stroke: mark ? MARK : SOFT, "stroke-width": mark ? 2.5 : 1,
    }) + (mark ? tag("circle", { cx: x(t + 1), cy: y(value), r: 4, fill: MARK }) : ""));
  return [...lines, ...stems];
}

/** Names in a row, each in the colour of its line. */
function legend(y, entries, width) {
  let place = LEFT;
  return entries.map(([name, colour]) => {
    const at = place;
    place += (width < 420 ? 6.6 : 7.8) * name.length + 14;
    return text(at, y, name, { fill: colour, "font-weight": 600, "font-size": width < 420 ? 11 : 13 });
  });
}

export function draw(values, result, width, data) {
  const right = width - 10;
  const row = data.x[Number(values.sequence) - 1];
  const unit = Number(values.unit) - 1;
  const held = heldGates(values, data);
  const x = scale(0, row.length + 1, LEFT, right);
  const letter = data.kind === "LSTM" ? "c" : "h";
  const line = (series, y, style) => tag("path", {
    d: path(series.map((value, t) => [x(t + 1), y(value)])), fill: "none", "stroke-width": 1.8, ...style,
  });

  const [gateY, gateLines] = panel(PANELS.gates, 0, 1, [0, 0.5, 1], right);
  const [low, high] = ends([...result.memory, result.h], -1, 1);
  const [memoryY, memoryLines] = panel(PANELS.memory, low, high, ticks(low, high, 4), right);
  const [least, most] = ends([result.answers, result.target], 0, 2);
  const [answerY, answerLines] = panel(PANELS.answer, least, most, ticks(least, most, 4), right);
  const steps = ticks(0, row.length, width < 420 ? 4 : 8);

  return {
    height: HEIGHT,
    svg: [
      text(LEFT, PANELS.input[0] - 10, "values, the marked ones with a dot", { fill: MARK, "font-weight": 600 }),
      ...inputPanel(row, x, right),
      ...legend(PANELS.gates[0] - 12, data.gates.map((name) => GATES[name]), width),
      ...gateLines,
      ...data.gates.map((name) => line(result.gates[name], gateY, {
        stroke: GATES[name][1], ...(held.includes(name) ? { "stroke-dasharray": "7 4" } : {}),
      })),
      ...legend(PANELS.memory[0] - 12, [[`${letter} of unit ${values.unit}`, INK], ["of the others", SOFT],
        ["dotted: h", "var(--unrolled-green)"]], width),
      ...memoryLines,
      ...result.memory.map((series, u) => (u === unit ? "" : line(series, memoryY, { stroke: SOFT, "stroke-width": 0.8 }))),
      line(result.h, memoryY, { stroke: "var(--unrolled-green)", "stroke-dasharray": "2 3" }),
      line(result.memory[unit], memoryY, { stroke: INK, "stroke-width": 2.4 }),
      ...legend(PANELS.answer[0] - 12, [["answer after each step", ANSWER], ["dashed: the right one", SOFT]], width),
      ...answerLines,
      tag("line", {
        x1: LEFT, x2: right, y1: answerY(result.target), y2: answerY(result.target),
        stroke: SOFT, "stroke-dasharray": "6 4", "stroke-width": 1.5,
      }),
      line(result.answers, answerY, { stroke: ANSWER }),
      ...steps.map((t) => text(x(t), PANELS.answer[1] + 19, t, { "text-anchor": "middle", fill: SOFT })),
      text((LEFT + right) / 2, HEIGHT - 8, "time step t", { "text-anchor": "middle", fill: INK }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
