/* A trained LSTM or GRU with gates held at a value. Same numbers as gate_playground.py. */

/** Name and colour of each gate. @type {Record<string, [name: string, colour: string]>} */
const GATES = {
  i: ["input gate i", VERMILLION],
  f: ["forget gate f", BLUE],
  o: ["output gate o", GREEN],
  z: ["update gate z", BLUE],
  r: ["reset gate r", VERMILLION],
};

/** @typedef {{ kernel: number[][], recurrent_kernel: number[][], bias: number[] }} LSTMWeights */
/** @typedef {{ kernel: number[][], recurrent_kernel: number[][], bias: number[][] }} GRUWeights */
/** @typedef {{ kind: "LSTM", weights: LSTMWeights } | { kind: "GRU", weights: GRUWeights }} Cell */
/** @typedef {{ W_hy: number[], b_y: number }} ReadOut */
/** @typedef {{ gates: string[], x: number[][][], y: number[] }} Given */
/** @typedef {Cell & ReadOut & Given} Data */
/** @typedef {{ sequence: string, unit: string } & Settings} Values  and those of each gate */
/** @typedef {Record<string, number>} Held  share at which a gate is held */
/** @typedef {{ gates: Record<string, number[]>, h: number[], memory: number[] }} Step */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/**
 * bias + row times matrix.
 *
 * @type {(row: number[], matrix: number[][], bias: number[]) => number[]}
 */
function affine(row, matrix, bias) {
  const total = [...bias];
  row.forEach((value, i) => {
    for (let j = 0; j < total.length; j += 1) total[j] += value * matrix[i][j];
  });
  return total;
}

/**
 * Shares of one gate for all units: what it is held at, or what its sums make.
 *
 * @type {(held: Held, name: string, sums: number[]) => number[]}
 */
const share = (held, name, sums) => sums.map((a) => held[name] ?? sigmoid(a));

/**
 * One step of an LSTM, each gate (U); blocks stand side by side, as in the kernels.
 *
 * @type {(weights: LSTMWeights, held: Held, x: number[], before: Step) => Step}
 */
function stepLSTM({ kernel, recurrent_kernel, bias }, held, x, { h, memory: c }) {
  const U = h.length;
  const fromState = affine(
    h,
    recurrent_kernel,
    bias.map(() => 0),
  );
  const a = affine(x, kernel, bias).map((total, k) => total + fromState[k]);
  /** @param {number} k */
  const block = (k) => a.slice(k * U, (k + 1) * U);
  const i = share(held, "i", block(0));
  const f = share(held, "f", block(1));
  const o = share(held, "o", block(3));
  const memory = block(2).map((total, u) => f[u] * c[u] + i[u] * Math.tanh(total));
  return { gates: { i, f, o }, h: memory.map((value, u) => o[u] * Math.tanh(value)), memory };
}

/**
 * The same of a GRU.
 *
 * @type {(weights: GRUWeights, held: Held, x: number[], before: Step) => Step}
 */
function stepGRU({ kernel, recurrent_kernel, bias }, held, x, { h }) {
  const U = h.length;
  const a = affine(x, kernel, bias[0]);
  const b = affine(h, recurrent_kernel, bias[1]);
  /** @param {number} k */
  const sums = (k) => h.map((_, u) => a[k * U + u] + b[k * U + u]);
  const z = share(held, "z", sums(0));
  const r = share(held, "r", sums(1));
  const next = h.map(
    (old, u) => z[u] * old + (1 - z[u]) * Math.tanh(a[2 * U + u] + r[u] * b[2 * U + u]),
  );
  return { gates: { z, r }, h: next, memory: next };
}

/** All steps of a run. @type {(data: Data, x: number[][], held: Held) => Step[]} */
function run(data, x, held) {
  const zeros = data.W_hy.map(() => 0);
  /** @type {Step} */
  let step = { gates: {}, h: zeros, memory: zeros };
  return x.map((row) => {
    step =
      data.kind === "LSTM"
        ? stepLSTM(data.weights, held, row, step)
        : stepGRU(data.weights, held, row, step);
    return step;
  });
}

/** @type {(values: Values, data: Data) => string[]} */
const heldGates = (values, { gates }) => gates.filter((name) => values[`force_${name}`]);

/** @type {(step: Step, readOut: ReadOut) => number} */
const answer = ({ h }, { W_hy, b_y }) => sum(h.map((value, u) => value * W_hy[u])) + b_y;

/** @param {Values} values @param {Data} data */
export function compute(values, data) {
  const unit = Number(values.unit) - 1;
  const x = data.x[Number(values.sequence) - 1];
  const held = Object.fromEntries(
    heldGates(values, data).map((name) => [name, Number(values[name])]),
  );
  const steps = run(data, x, held);
  return {
    gates: Object.fromEntries(
      data.gates.map((name) => [name, steps.map(({ gates }) => gates[name][unit])]),
    ),
    memory: data.W_hy.map((_, u) => steps.map(({ memory }) => memory[u])),
    h: steps.map(({ h }) => h[unit]),
    answers: steps.map((step) => answer(step, data)),
    free: answer(last(run(data, x, {})), data),
    target: data.y[Number(values.sequence) - 1],
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(values, result, data) {
  const held = heldGates(values, data);
  const [said, free, target] = [last(result.answers), result.free, result.target].map(formatNumber);
  if (!held.length)
    return `With all gates free the network answers ${free}, and ${target} is right.`;
  const list = held.map((name) => `${name} held at ${formatNumber(Number(values[name]))}`);
  return (
    `With ${listed(list)} the network answers ${said}; with all gates free it answered ${free}, ` +
    `and ${target} is right.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 54;
/** @type {Record<"input" | "gates" | "memory" | "answer", [top: number, bottom: number]>} */
const PANELS = { input: [24, 70], gates: [112, 188], memory: [230, 326], answer: [368, 456] };
const HEIGHT = 506;
const MARK = VERMILLION;
const ANSWER = BLUE;

/** @type {(panel: keyof typeof PANELS, low: number, high: number) => Scale} */
const scaleOf = (panel, low, high) => scale(low, high, PANELS[panel][1], PANELS[panel][0]);

/**
 * Ends of an axis that holds all of `series` and at least [low, high].
 *
 * @type {(series: number[], low: number, high: number) => [low: number, high: number]}
 */
function ends(series, low, high) {
  return [Math.min(low, ...series), Math.max(high, ...series)];
}

/** @type {(row: number[][], x: Scale, right: number) => string[]} */
function inputPanel(row, x, right) {
  const y = scaleOf("input", 0, 1);
  const stems = row.map(
    ([value, mark], t) =>
      segment(x(t + 1), y(0), x(t + 1), y(value), {
        stroke: mark ? MARK : SOFT,
        "stroke-width": mark ? 2.5 : 1,
      }) + (mark ? circle(x(t + 1), y(value), 4, { fill: MARK }) : ""),
  );
  return [valueAxis([0, 1], y, LEFT, right, { strong: null }), ...stems];
}

/**
 * Names in a row, each in the colour of its line.
 *
 * @type {(y: number, entries: [name: string, colour: string][], width: number) => string[]}
 */
function legend(y, entries, width) {
  let place = LEFT;
  return entries.map(([name, colour]) => {
    const at = place;
    place += (width < 420 ? 6.6 : 7.8) * name.length + 14;
    return text(at, y, name, {
      fill: colour,
      "font-weight": 600,
      "font-size": width < 420 ? 11 : 13,
    });
  });
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const right = width - 10;
  const row = data.x[Number(values.sequence) - 1];
  const unit = Number(values.unit) - 1;
  const held = heldGates(values, data);
  const x = scale(0, row.length + 1, LEFT, right);
  const letter = data.kind === "LSTM" ? "c" : "h";
  /** @type {(series: number[], y: Scale, style: Look) => string} */
  const line = (series, y, style) =>
    curve(
      series.map((value, t) => [x(t + 1), y(value)]),
      { "stroke-width": 1.8, ...style },
    );

  /** @type {(marks: number[], y: Scale) => string} */
  const axis = (marks, y) => valueAxis(marks, y, LEFT, right, { strong: null });

  const gateY = scaleOf("gates", 0, 1);
  const [low, high] = ends([...result.memory.flat(), ...result.h], -1, 1);
  const memoryY = scaleOf("memory", low, high);
  const [least, most] = ends([...result.answers, result.target], 0, 2);
  const answerY = scaleOf("answer", least, most);
  const steps = ticks(0, row.length, width < 420 ? 4 : 8);

  return {
    height: HEIGHT,
    svg: [
      text(LEFT, PANELS.input[0] - 10, "values, the marked ones with a dot", {
        fill: MARK,
        "font-weight": 600,
      }),
      ...inputPanel(row, x, right),
      ...legend(
        PANELS.gates[0] - 12,
        data.gates.map((name) => GATES[name]),
        width,
      ),
      axis([0, 0.5, 1], gateY),
      ...data.gates.map((name) =>
        line(result.gates[name], gateY, {
          stroke: GATES[name][1],
          ...(held.includes(name) ? { "stroke-dasharray": "7 4" } : {}),
        }),
      ),
      ...legend(
        PANELS.memory[0] - 12,
        [
          [`${letter} of unit ${values.unit}`, INK],
          ["of the others", SOFT],
          ["dotted: h", GREEN],
        ],
        width,
      ),
      axis(ticks(low, high, 4), memoryY),
      ...result.memory.map((series, u) =>
        u === unit ? "" : line(series, memoryY, { stroke: SOFT, "stroke-width": 0.8 }),
      ),
      line(result.h, memoryY, { stroke: GREEN, "stroke-dasharray": "2 3" }),
      line(result.memory[unit], memoryY, { stroke: INK, "stroke-width": 2.4 }),
      ...legend(
        PANELS.answer[0] - 12,
        [
          ["answer after each step", ANSWER],
          ["dashed: the right one", SOFT],
        ],
        width,
      ),
      axis(ticks(least, most, 4), answerY),
      segment(LEFT, answerY(result.target), right, answerY(result.target), {
        stroke: SOFT,
        "stroke-dasharray": "6 4",
        "stroke-width": 1.5,
      }),
      line(result.answers, answerY, { stroke: ANSWER }),
      ...steps.map((t) => text(x(t), PANELS.answer[1] + 19, t, { ...MIDDLE, fill: SOFT })),
      text((LEFT + right) / 2, HEIGHT - 8, "time step t", { ...MIDDLE, fill: INK }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
