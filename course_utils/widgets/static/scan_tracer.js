/* What scan passes to the step function. Same results as scan_tracer.py. */

const N_STEPS = 6;
/** @type {Record<string, number[]>} */
const WRITTEN = {
  "in the order of scan": [0, 1, 2],
  "previous outputs first": [1, 0, 2],
  "non-sequences first": [2, 0, 1],
};
/** @type {Record<string, number>} */
const KINDS = { x_t: 0, z_t: 0, y_2: 1, y_1: 1, a: 2, b: 2 };
/** @type {Record<string, string>} */
const FACTORS = { y_1: "a", y_2: "b" };

/** @typedef {Record<"x" | "z" | "a" | "b", boolean>} Given */
/** @typedef {Given & { t: number, outputs: string, order: string }} Values */

/**
 * @typedef {object} Data
 * @property {Record<string, number[]>} sequences
 * @property {Record<string, number[]>} starts  by the choice of outputs
 * @property {Record<string, number>} constants
 */

/** @typedef {ReturnType<typeof compute>} Result */
/** @typedef {{ sign: string, name: string, factor: string | null }} Term */

/** @param {Given} given */
const sequencesOf = (given) => /** @type {const} */ (["x", "z"]).filter((name) => given[name]);

/** @param {Given} given */
const constantsOf = (given) => /** @type {const} */ (["a", "b"]).filter((name) => given[name]);

// ---------------------------------------------------------------- the arguments

/** Names of what scan passes, in the order in which it passes them. @param {Values} values */
function slotsOf(values) {
  /** @type {Record<string, string[]>} */
  const looksBack = { none: [], "one step back": ["y_1"], "two steps back": ["y_2", "y_1"] };
  return [
    ...sequencesOf(values).map((name) => `${name}_t`),
    ...looksBack[values.outputs],
    ...constantsOf(values),
  ];
}

/** The same names in the order in which the learner wrote them. @param {Values} values */
function parametersOf(values) {
  const slots = slotsOf(values);
  return WRITTEN[values.order].flatMap((kind) => slots.filter((slot) => KINDS[slot] === kind));
}

/** @param {string} slot */
const stepsBack = (slot) => Number(slot.slice(2));

/** @type {(slot: string, t: number, values: Values, data: Data) => string} */
function sourceOf(slot, t, { outputs }, { starts }) {
  if (KINDS[slot] === 2) return slot;
  if (KINDS[slot] === 0) return `${slot[0]}[${t}]`;
  const place = t - stepsBack(slot);
  if (place >= 0) return `y[${place}]`;
  const count = starts[outputs].length;
  return count === 1 ? "start" : `start[${place + count}]`;
}

/**
 * @param {string} slot
 * @param {number} t
 * @param {Values} values
 * @param {Data} data
 * @param {number[]} outputs  of the steps before
 */
function passedTo(slot, t, values, data, outputs) {
  if (KINDS[slot] === 2) return data.constants[slot];
  if (KINDS[slot] === 0) return data.sequences[slot[0]][t];
  const place = t - stepsBack(slot);
  const start = data.starts[values.outputs];
  return place >= 0 ? outputs[place] : start[start.length + place];
}

// ---------------------------------------------------------------- the step

/**
 * The sum that the step returns: sign, name and factor of each term.
 *
 * @type {(slots: string[]) => Term[]}
 */
function termsOf(slots) {
  /** @param {string} name */
  const factorOf = (name) => (slots.includes(FACTORS[name]) ? FACTORS[name] : null);
  const used = Object.keys(FACTORS)
    .filter((name) => slots.includes(name))
    .map(factorOf);
  return ["x_t", "z_t", "y_1", "y_2", "a", "b"]
    .filter((name) => slots.includes(name) && !used.includes(name))
    .map((name) => ({
      sign: ["z_t", "y_2"].includes(name) ? "-" : "+",
      name,
      factor: factorOf(name),
    }));
}

/**
 * Outputs of all steps when the values of `slots` arrive under the names of `parameters`.
 *
 * @type {(values: Values, data: Data, slots: string[], parameters: string[]) => number[]}
 */
function run(values, data, slots, parameters) {
  /** @type {number[]} */
  const outputs = [];
  for (const t of range(N_STEPS)) {
    const passed = slots.map((slot) => passedTo(slot, t, values, data, outputs));
    const named = Object.fromEntries(parameters.map((name, i) => [name, passed[i]]));
    const terms = termsOf(slots).map(
      ({ sign, name, factor }) =>
        (sign === "-" ? -1 : 1) * named[name] * (factor ? named[factor] : 1),
    );
    outputs.push(sum(terms));
  }
  return outputs;
}

/** @param {Values} values @param {Data} data */
export function compute(values, data) {
  const [slots, parameters] = [slotsOf(values), parametersOf(values)];
  const outputs = run(values, data, slots, parameters);
  return {
    parameters,
    sources: slots.map((slot) => sourceOf(slot, values.t, values, data)),
    passed: slots.map((slot) => passedTo(slot, values.t, values, data, outputs)),
    misplaced: slots.filter((slot, i) => KINDS[slot] !== KINDS[parameters[i]]).length,
    outputs,
    intended: run(values, data, slots, slots),
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result) => string} */
export function sentence({ t }, { passed, sources, misplaced, outputs, intended }) {
  const output = formatNumber(outputs[t]);
  if (!passed.length) {
    return `At t = ${t} scan calls step() with nothing to pass, and y[${t}] = ${output}.`;
  }
  const said =
    `At t = ${t} scan calls step(${passed.map(formatNumber).join(", ")}) with ` +
    `${listed(sources)}, and the step returns y[${t}] = ${output}`;
  if (!misplaced) return `${said}.`;
  const intention = formatNumber(intended[t]);
  const names = `${misplaced} of these land under a wrong name`;
  if (output === intention) return `${said}, which is right by luck: ${names}.`;
  return `${said} in place of ${intention}, for ${names}.`;
}

// ---------------------------------------------------------------- the picture

// Of a sequence, an output, a non-sequence: the code, the arrays and the arguments share them.
const COLOURS = [BLUE, GREEN, VERMILLION];
const CODE_LINE = 20;
const ROW = 36;
const LEFT = 34; // room for the arrays' names
const WIDE = 620; // from here on the two pieces of code stand side by side
const NARROW = 460; // below this, words are left out

/**
 * Code whose known names have the colour of their kind.
 *
 * @type {(x: number, y: number, line: string, fontSize: number) => string}
 */
function code(x, y, line, fontSize) {
  const parts = line
    .split(/(\b[xz](?:_t)?\b|\by(?:_[12])?\b|\bstart\b|\b[ab]\b)/)
    .map((part, i) => {
      const kind =
        KINDS[part] ?? KINDS[`${part}_t`] ?? (["y", "start"].includes(part) ? 1 : undefined);
      return i % 2 && kind !== undefined
        ? tag("tspan", { fill: COLOURS[kind], "font-weight": 600 }, escapeText(part))
        : escapeText(part);
    });
  const look = { fill: INK, "font-family": CODE_FONT, "font-size": fontSize };
  return tag("text", { x, y, ...look, style: "white-space: pre" }, ...parts);
}

/** @param {Values} values */
function callLines(values) {
  const sequences = sequencesOf(values);
  const constants = constantsOf(values);
  /** @type {Record<string, string[]>} */
  const outputs = {
    none: [],
    "one step back": ["outputs_info=start,"],
    "two steps back": ["outputs_info=dict(initial=start,", "                  taps=[-2, -1]),"],
  };
  const options = [
    ...(sequences.length ? [`sequences=[${sequences.join(", ")}],`] : []),
    ...outputs[values.outputs],
    ...(constants.length ? [`non_sequences=[${constants.join(", ")}],`] : []),
    ...(sequences.length ? [] : [`n_steps=${N_STEPS},`]),
  ];
  return ["y, updates = theano.scan(step,", ...options.map((option) => `    ${option}`), ")"];
}

/**
 * What the step returns, its names written by `write`.
 *
 * @param {string[]} slots
 * @param {(name: string) => string} write
 */
function bodyOf(slots, write = (name) => name) {
  const parts = termsOf(slots).map(
    ({ sign, name, factor }) => `${sign} ${factor ? `${write(factor)} * ` : ""}${write(name)}`,
  );
  return parts.join(" ").replace(/^\+ /, "") || "0";
}

/** The same with the numbers that arrive. @param {string[]} slots @param {Result} result */
function numbersOf(slots, { parameters, passed }) {
  return bodyOf(slots, (name) => {
    const number = passed[parameters.indexOf(name)];
    return number < 0 ? `(${formatNumber(number)})` : formatNumber(number);
  });
}

/** @typedef {{ name: string, kind: number, cells: (number | null)[], first: number }} Row */

/**
 * The arrays, with the column of their first cell; later outputs are not known yet.
 *
 * @type {(values: Values, result: Result, data: Data) => Row[]}
 */
function rowsOf(values, { outputs }, data) {
  const start = data.starts[values.outputs];
  const y = [...start, ...outputs.map((value, t) => (t <= values.t ? value : null))];
  return [
    ...sequencesOf(values).map((name) => ({
      name,
      kind: 0,
      cells: data.sequences[name],
      first: 0,
    })),
    { name: "y", kind: 1, cells: y, first: -start.length },
    ...constantsOf(values).map((name) => ({
      name,
      kind: 2,
      cells: range(N_STEPS).map(() => data.constants[name]),
      first: 0,
    })),
  ];
}

/**
 * @param {Row} row
 * @param {number} y
 * @param {Scale} columns
 * @param {number} size
 * @param {Values} values
 * @param {Data} data
 */
function drawRow({ name, kind, cells, first }, y, columns, size, { t, outputs }, data) {
  const back = data.starts[outputs].length;
  const drawn = cells.map((value, i) => {
    const column = first + i;
    const x = columns(column);
    const passed = name === "y" ? t - back <= column && column < t : column === t;
    const made = name === "y" && column === t;
    const marked = passed || made;
    const dashes = column < 0 ? "3 3" : undefined;
    const box = rect(x + 2, y + 3, size - 4, ROW - 6, {
      rx: 3,
      fill: passed ? TINT : "none",
      stroke: marked ? COLOURS[kind] : LINE,
      "stroke-width": marked ? 2.5 : 1,
      "stroke-dasharray": made ? "7 3" : dashes,
    });
    if (value === null) return box;
    const look = { ...MIDDLE, fill: INK, "font-weight": marked ? 700 : undefined };
    return box + text(x + size / 2, y + ROW / 2 + 5, formatNumber(value), look);
  });
  const look = { fill: COLOURS[kind], "font-weight": 700, "font-family": CODE_FONT };
  return text(0, y + ROW / 2 + 5, name, look) + drawn.join("");
}

/**
 * One line an argument: its place, what is passed, and the name under which it arrives.
 *
 * @type {(slot: string, i: number, y: number, result: Result, narrow: boolean) => string}
 */
function drawArgument(slot, i, y, { sources, passed, parameters }, narrow) {
  const wrong = KINDS[slot] !== KINDS[parameters[i]];
  /** @type {(x: number, slot: string, label: string) => string} */
  const name = (x, slot, label) => {
    const fill = COLOURS[KINDS[slot]];
    const look = { fill, "font-family": CODE_FONT, "font-weight": 600 };
    return tag("text", { x, y, ...look }, escapeText(label));
  };
  return [
    text(0, y, `${i + 1}.`, { fill: SOFT }),
    name(22, slot, `${sources[i]} = ${formatNumber(passed[i])}`),
    text(160, y, "→", { fill: INK }),
    name(186, parameters[i], parameters[i]),
    wrong ? text(230, y, narrow ? "✗" : "✗ wrong name", { fill: INK, "font-weight": 700 }) : "",
  ].join("");
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const slots = slotsOf(values);
  const call = callLines(values);
  const body = bodyOf(slots);
  const step = [`def step(${result.parameters.join(", ")}):`, `    return ${body}`];
  const [wide, narrow] = [width >= WIDE, width < NARROW];
  const fontSize = narrow ? 11 : 13;
  const stepTop = wide ? 0 : (call.length + 0.5) * CODE_LINE;
  const codeHeight = wide ? call.length * CODE_LINE : stepTop + step.length * CODE_LINE;
  const lines = [
    ...call.map((line, i) => code(0, 15 + i * CODE_LINE, line, fontSize)),
    ...step.map((line, i) =>
      code(wide ? width / 2 : 0, stepTop + 15 + i * CODE_LINE, line, fontSize),
    ),
  ];

  const size = Math.min(64, (width - LEFT) / (N_STEPS + 2));
  /** @param {number} column */
  const columns = (column) => LEFT + (column + 2) * size;
  const rows = rowsOf(values, result, data);
  const top = codeHeight + 36;
  const heads = range(N_STEPS).map((t) =>
    text(columns(t) + size / 2, top - 8, narrow ? t : `t = ${t}`, {
      ...MIDDLE,
      fill: t === values.t ? INK : SOFT,
      "font-weight": t === values.t ? 700 : 400,
    }),
  );
  const nStarts = data.starts[values.outputs].length;
  const start = nStarts
    ? text(columns(-nStarts / 2), top - 8, "start", { ...MIDDLE, fill: SOFT })
    : "";
  const arrays = rows.map((row, i) => drawRow(row, top + i * ROW, columns, size, values, data));

  const below = top + rows.length * ROW + 28;
  const list = slots.map((slot, i) => drawArgument(slot, i, below + i * 22, result, narrow));
  const end = below + slots.length * 22 + 6;
  const output = `${formatNumber(result.outputs[values.t])}, kept as y[${values.t}]`;
  const computed = slots.length ? `= ${numbersOf(slots, result)} = ${output}` : `= ${output}`;
  const returned = [`returns ${body}`, `      ${computed}`].map((line, i) =>
    code(0, end + i * CODE_LINE, line, fontSize),
  );

  return {
    height: end + CODE_LINE + 12,
    svg: [...lines, start, ...heads, ...arrays, ...list, ...returned].join(""),
  };
}

export default explorer({ compute, sentence, draw });
