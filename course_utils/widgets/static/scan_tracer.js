/* What scan passes to the step function. Same results as scan_tracer.py. */

const N_STEPS = 6;
const WRITTEN = {
  "in the order of scan": [0, 1, 2],
  "previous outputs first": [1, 0, 2],
  "non-sequences first": [2, 0, 1],
};
const KINDS = { x_t: 0, z_t: 0, y_2: 1, y_1: 1, a: 2, b: 2 };
const FACTORS = { y_1: "a", y_2: "b" };

// ---------------------------------------------------------------- the arguments

/** Names of what scan passes, in the order in which it passes them. */
function slotsOf(values) {
  const looksBack = { none: [], "one step back": ["y_1"], "two steps back": ["y_2", "y_1"] };
  return [
    ...["x", "z"].filter((name) => values[name]).map((name) => `${name}_t`),
    ...looksBack[values.outputs],
    ...["a", "b"].filter((name) => values[name]),
  ];
}

/** The same names in the order in which the learner wrote them. */
function parametersOf(values) {
  const slots = slotsOf(values);
  return WRITTEN[values.order].flatMap((kind) => slots.filter((slot) => KINDS[slot] === kind));
}

const stepsBack = (slot) => Number(slot.slice(2));

function sourceOf(slot, t, { outputs }, { starts }) {
  if (KINDS[slot] === 2) return slot;
  if (KINDS[slot] === 0) return `${slot[0]}[${t}]`;
  const place = t - stepsBack(slot);
  if (place >= 0) return `y[${place}]`;
  const count = starts[outputs].length;
  return count === 1 ? "start" : `start[${place + count}]`;
}

function valueOf(slot, t, values, data, outputs) {
  if (KINDS[slot] === 2) return data.constants[slot];
  if (KINDS[slot] === 0) return data.sequences[slot[0]][t];
  const place = t - stepsBack(slot);
  return place >= 0 ? outputs[place] : data.starts[values.outputs].at(place);
}

// ---------------------------------------------------------------- the step

/** The sum that the step returns: sign, name and factor of each term. */
function termsOf(slots) {
  const factorOf = (name) => (slots.includes(FACTORS[name]) ? FACTORS[name] : null);
  const used = Object.keys(FACTORS).filter((name) => slots.includes(name)).map(factorOf);
  return ["x_t", "z_t", "y_1", "y_2", "a", "b"]
    .filter((name) => slots.includes(name) && !used.includes(name))
    .map((name) => ({ sign: ["z_t", "y_2"].includes(name) ? "-" : "+", name, factor: factorOf(name) }));
}

/** Outputs of all steps when the values of `slots` arrive under the names of `parameters`. */
function run(values, data, slots, parameters) {
  const outputs = [];
  for (let t = 0; t < N_STEPS; t += 1) {
    const passed = slots.map((slot) => valueOf(slot, t, values, data, outputs));
    const named = Object.fromEntries(parameters.map((name, i) => [name, passed[i]]));
    outputs.push(termsOf(slots).reduce((sum, { sign, name, factor }) =>
      sum + (sign === "-" ? -1 : 1) * named[name] * (factor ? named[factor] : 1), 0));
  }
  return outputs;
}

export function compute(values, data) {
  const [slots, parameters] = [slotsOf(values), parametersOf(values)];
  const outputs = run(values, data, slots, parameters);
  return {
    parameters,
    sources: slots.map((slot) => sourceOf(slot, values.t, values, data)),
    passed: slots.map((slot) => valueOf(slot, values.t, values, data, outputs)),
    misplaced: slots.filter((slot, i) => KINDS[slot] !== KINDS[parameters[i]]).length,
    outputs,
    intended: run(values, data, slots, slots),
  };
}

// ---------------------------------------------------------------- what they say

export function sentence({ t }, { passed, sources, misplaced, outputs, intended }) {
  const output = formatNumber(outputs[t]);
  if (!passed.length) {
    return `At t = ${t} scan calls step() with nothing to pass, and y[${t}] = ${output}.`;
  }
  const [others, last] = [sources.slice(0, -1), sources.at(-1)];
  const from = others.length ? `${others.join(", ")} and ${last}` : last;
  const said = `At t = ${t} scan calls step(${passed.map(formatNumber).join(", ")}) with ${from}, ` +
    `and the step returns y[${t}] = ${output}`;
  if (!misplaced) return `${said}.`;
  const intention = formatNumber(intended[t]);
  const names = `${misplaced} of these land under a wrong name`;
  if (output === intention) return `${said}, which is right by luck: ${names}.`;
  return `${said} in place of ${intention}, for ${names}.`;
}

// ---------------------------------------------------------------- the picture

// Of a sequence, an output, a non-sequence: the code, the arrays and the arguments share them.
const COLOURS = ["var(--unrolled-blue)", "var(--unrolled-green)", "var(--unrolled-vermillion)"];
const CODE_LINE = 20;
const ROW = 36;
const LEFT = 34; // room for the arrays' names
const WIDE = 620; // from here on the two pieces of code stand side by side
const NARROW = 460; // below this, words are left out

/** Code whose known names have the colour of their kind. */
function code(x, y, line, fontSize = 13) {
  const parts = line.split(/(\b[xz](?:_t)?\b|\by(?:_[12])?\b|\bstart\b|\b[ab]\b)/).map((part, i) => {
    const kind = KINDS[part] ?? KINDS[`${part}_t`] ?? (["y", "start"].includes(part) ? 1 : undefined);
    return i % 2 && kind !== undefined
      ? tag("tspan", { fill: COLOURS[kind], "font-weight": 600 }, escapeText(part))
      : escapeText(part);
  });
  return tag("text", { x, y, fill: INK, "font-family": CODE_FONT, "font-size": fontSize, style: "white-space: pre" }, ...parts);
}

function callLines(values) {
  const sequences = ["x", "z"].filter((name) => values[name]);
  const constants = ["a", "b"].filter((name) => values[name]);
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

/** What the step returns, its names written by `write`. */
function bodyOf(slots, write = (name) => name) {
  const parts = termsOf(slots).map(({ sign, name, factor }) =>
    `${sign} ${factor ? `${write(factor)} * ` : ""}${write(name)}`);
  return parts.join(" ").replace(/^\+ /, "") || "0";
}

/** The same with the numbers that arrive under these names. */
function numbersOf(slots, { parameters, passed }) {
  return bodyOf(slots, (name) => {
    const number = passed[parameters.indexOf(name)];
    return number < 0 ? `(${formatNumber(number)})` : formatNumber(number);
  });
}

/** The arrays: name, kind, cells and first column; later outputs are not known yet. */
function rowsOf(values, { outputs }, data) {
  const start = data.starts[values.outputs];
  const y = [...start, ...outputs.map((value, t) => (t <= values.t ? value : null))];
  return [
    ...["x", "z"].filter((name) => values[name])
      .map((name) => ({ name, kind: 0, cells: data.sequences[name], first: 0 })),
    { name: "y", kind: 1, cells: y, first: -start.length },
    ...["a", "b"].filter((name) => values[name])
      .map((name) => ({ name, kind: 2, cells: Array(N_STEPS).fill(data.constants[name]), first: 0 })),
  ];
}

function drawRow({ name, kind, cells, first }, y, columns, size, { t, outputs }, data) {
  const back = data.starts[outputs].length;
  const drawn = cells.map((value, i) => {
    const column = first + i;
    const x = columns(column);
    const passed = name === "y" ? t - back <= column && column < t : column === t;
    const made = name === "y" && column === t;
    return tag("rect", {
      x: x + 2, y: y + 3, width: size - 4, height: ROW - 6, rx: 3,
      fill: passed ? "var(--unrolled-tint)" : "none",
      stroke: passed || made ? COLOURS[kind] : LINE,
      "stroke-width": passed || made ? 2.5 : 1,
      ...(column < 0 || made ? { "stroke-dasharray": made ? "7 3" : "3 3" } : {}),
    }) + (value === null ? "" : text(x + size / 2, y + ROW / 2 + 5, formatNumber(value), {
      "text-anchor": "middle", fill: INK, ...(passed || made ? { "font-weight": 700 } : {}),
    }));
  });
  return text(0, y + ROW / 2 + 5, name, { fill: COLOURS[kind], "font-weight": 700, "font-family": CODE_FONT }) +
    drawn.join("");
}

/** One line an argument: its place, what is passed, and the name under which it arrives. */
function drawArgument(slot, i, y, { sources, passed, parameters }, narrow) {
  const wrong = KINDS[slot] !== KINDS[parameters[i]];
  return [
    text(0, y, `${i + 1}.`, { fill: SOFT }),
    tag("text", { x: 22, y, fill: COLOURS[KINDS[slot]], "font-family": CODE_FONT, "font-weight": 600 },
      escapeText(`${sources[i]} = ${formatNumber(passed[i])}`)),
    text(160, y, "→", { fill: INK }),
    tag("text", { x: 186, y, fill: COLOURS[KINDS[parameters[i]]], "font-family": CODE_FONT, "font-weight": 600 },
      escapeText(parameters[i])),
    wrong ? text(230, y, narrow ? "✗" : "✗ wrong name", { fill: INK, "font-weight": 700 }) : "",
  ].join("");
}

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
    ...step.map((line, i) => code(wide ? width / 2 : 0, stepTop + 15 + i * CODE_LINE, line, fontSize)),
  ];

  const size = Math.min(64, (width - LEFT) / (N_STEPS + 2));
  const columns = (column) => LEFT + (column + 2) * size;
  const rows = rowsOf(values, result, data);
  const top = codeHeight + 36;
  const heads = Array.from({ length: N_STEPS }, (_, t) =>
    text(columns(t) + size / 2, top - 8, narrow ? t : `t = ${t}`, {
      "text-anchor": "middle", fill: t === values.t ? INK : SOFT, "font-weight": t === values.t ? 700 : 400,
    }));
  const nStarts = data.starts[values.outputs].length;
  const start = nStarts
    ? text(columns(-nStarts / 2), top - 8, "start", { "text-anchor": "middle", fill: SOFT })
    : "";
  const arrays = rows.map((row, i) => drawRow(row, top + i * ROW, columns, size, values, data));

  const below = top + rows.length * ROW + 28;
  const list = slots.map((slot, i) => drawArgument(slot, i, below + i * 22, result, narrow));
  const end = below + slots.length * 22 + 6;
  const output = `${formatNumber(result.outputs[values.t])}, kept as y[${values.t}]`;
  const computed = slots.length ? `= ${numbersOf(slots, result)} = ${output}` : `= ${output}`;
  const returned = [`returns ${body}`, `      ${computed}`].map((line, i) => code(0, end + i * CODE_LINE, line, fontSize));

  return {
    height: end + CODE_LINE + 12,
    svg: [...lines, start, ...heads, ...arrays, ...list, ...returned].join(""),
  };
}

export default explorer({ compute, sentence, draw });
