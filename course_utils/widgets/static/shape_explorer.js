/* What a recurrent layer takes, returns and learns. Same results as shape_explorer.py. */

const N_SAMPLES = 3;
/** @typedef {"SimpleRNN" | "LSTM" | "GRU"} Kind */

/** @type {Record<Kind, string[]>} */
const STATES = { SimpleRNN: ["h"], LSTM: ["h", "c"], GRU: ["h"] };
/** @type {Record<Kind, number>} */
const BLOCKS = { SimpleRNN: 1, LSTM: 4, GRU: 3 };
const [ONE_WAY, CONCAT, SUM] = ["one direction", "both, concat", "both, sum"];
const OPEN = "choose …";

/**
 * @typedef {object} Values
 * @property {Kind} kind
 * @property {string} direction
 * @property {number} n_layers
 * @property {number} n_units
 * @property {number} n_steps
 * @property {number} n_features
 * @property {boolean} return_sequences
 * @property {boolean} return_state
 * @property {boolean} quiz
 * @property {string} first  predicted shape of the first array
 * @property {number} arrays  predicted number of arrays
 */

/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- what is returned

/** @param {Values} values */
function returned({ kind, direction, return_sequences: sequences, return_state: state }) {
  const wide = direction === CONCAT ? "2U" : "U";
  const output = sequences ? `(N, T, ${wide})` : `(N, ${wide})`;
  if (!state) return { names: ["output"], forms: [output] };
  const ways = direction === ONE_WAY ? [""] : ["forward ", "backward "];
  const names = ways.flatMap((way) => STATES[kind].map((each) => way + each));
  return { names: ["output", ...names], forms: [output, ...names.map(() => "(N, U)")] };
}

/** @type {(form: string, values: Values) => number[]} */
function inNumbers(form, { n_units: units, n_steps: steps }) {
  /** @type {Record<string, number>} */
  const sizes = { N: N_SAMPLES, T: steps, U: units, "2U": 2 * units };
  return form
    .slice(1, -1)
    .split(", ")
    .map((letter) => sizes[letter]);
}

/** Number of parameters of all layers. @param {Values} values */
function count({ kind, direction, n_layers: layers, n_units: units, n_features: features }) {
  const ways = direction === ONE_WAY ? 1 : 2;
  const biases = kind === "GRU" ? 2 : 1;
  let [inputs, total] = [features, 0];
  for (let layer = 0; layer < layers; layer += 1) {
    total += ways * BLOCKS[kind] * units * (inputs + units + biases);
    inputs = direction === CONCAT ? 2 * units : units;
  }
  return total;
}

/** @param {Values} values */
function hintOnFirst({ first, direction, n_units: units, n_steps: steps, return_sequences }) {
  if (first === "(N, T)") {
    return `units are not steps, the ${units} is the length of the state, the steps are ${steps}`;
  }
  if (first === "(N, 4U)") {
    return `gates are used up inside, the output has 1 number for each of the ${units} units`;
  }
  if (first.includes("T") !== return_sequences) {
    return return_sequences
      ? `return_sequences=True returns the output of each of the ${steps} steps`
      : `without return_sequences only 1 of the ${steps} outputs leaves the layer`;
  }
  if (direction === ONE_WAY) return `one direction makes ${units} numbers, not twice as many`;
  if (direction === SUM) return `the sum of 2 halves is as wide as one of them, ${units}`;
  return `concat puts 2 halves of ${units} numbers side by side`;
}

/**
 * Why the prediction is wrong; empty if it is right.
 *
 * @type {(values: Values, forms: string[]) => string}
 */
function hintOn(values, forms) {
  if (values.first !== forms[0]) return hintOnFirst(values);
  if (values.arrays === forms.length) return "";
  if (!values.return_state) return "without return_state a layer returns 1 array, its output";
  if (values.arrays === 1) {
    return "return_state adds the states to the output, even where they hold the same numbers";
  }
  return {
    LSTM: "after the output an LSTM returns 2 states, h and c, for each direction",
    GRU: "after the output a GRU returns 1 state, h, for each direction",
    SimpleRNN: "after the output a SimpleRNN returns 1 state, h, for each direction",
  }[values.kind];
}

/** @param {Values} values */
export function compute(values) {
  const { names, forms } = returned(values);
  const hint = values.quiz && values.first !== OPEN ? hintOn(values, forms) : "";
  return {
    names,
    forms,
    shapes: forms.map((form) => inNumbers(form, values)),
    parameters: count(values),
    hidden: values.quiz && (values.first === OPEN || hint !== ""),
    hint,
  };
}

// ---------------------------------------------------------------- how it is written

/**
 * The pieces of a topmost or lower layer's code, to be written in one line or in several.
 *
 * @type {(values: Values, topmost: boolean) => string[]}
 */
function layerCode(values, topmost) {
  const options = [
    ...(values.return_sequences || !topmost ? ["return_sequences=True"] : []),
    ...(values.return_state && topmost ? ["return_state=True"] : []),
  ];
  const layer = `${values.kind}(${[values.n_units, ...options].join(", ")})`;
  if (values.direction === ONE_WAY) return [layer];
  if (values.direction === CONCAT) return ["Bidirectional(", `${layer})`];
  return ["Bidirectional(", `${layer}, `, 'merge_mode="sum")'];
}

/** @param {Values} values */
const layersOf = (values) =>
  range(values.n_layers).map((k) => layerCode(values, k === values.n_layers - 1));

/** @param {Values} values */
function spoken(values) {
  const topmost = layerCode(values, true).join("");
  return values.n_layers > 1 ? `${topmost} on ${values.n_layers - 1} more` : topmost;
}

/** @param {number} whole */
const thousands = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, ",");

/** @type {(values: Values, result: Result) => string} */
export function sentence(values, { shapes, parameters, hidden, hint }) {
  const network = spoken(values);
  const x = `x of shape ${tuple([N_SAMPLES, values.n_steps, values.n_features])}`;
  if (hint) return `Not yet for ${network}: ${hint}.`;
  if (hidden) {
    return `Predict what ${network} returns for ${x}: the first array, and how many there are.`;
  }
  const all = listed(shapes.map(tuple));
  const arrays = shapes.length > 1 ? `${shapes.length} arrays, ${all},` : all;
  return (
    `${values.quiz ? "Right: " : ""}${network} returns ${arrays} for ${x}, ` +
    `and has ${thousands(parameters)} parameters.`
  );
}

// ---------------------------------------------------------------- the picture

const OUTPUT = BLUE;
const STATE = VERMILLION;
const CODE_LINE = 19;
const ROW = 38;
const BOX = 26;
const NARROW = 480; // below this, code is broken and words are left out

/** @param {Values} values @param {boolean} narrow */
function codeLines(values, narrow) {
  const lines = layersOf(values).map((pieces) => (narrow ? pieces : [pieces.join("")]));
  return lines.flatMap((pieces) => pieces.map((piece, i) => (i ? "  " : "") + piece));
}

/** @param {string} line @param {number} i */
function drawCode(line, i) {
  const look = { fill: INK, "font-family": CODE_FONT, "font-size": 13, style: "white-space: pre" };
  return tag("text", { x: 0, y: 15 + CODE_LINE * i, ...look }, escapeText(line));
}

/** @type {(x: number, y: number, width: number, label: number, colour?: string) => string} */
function cell(x, y, width, label, colour) {
  const [fill, stroke, line] = colour ? [TINT, colour, 2.5] : ["none", LINE, 1];
  const weight = colour ? 700 : undefined;
  return (
    rect(x, y, width, BOX, { rx: 3, fill, stroke, "stroke-width": line }) +
    text(x + width / 2, y + 17, label, {
      ...MIDDLE,
      fill: INK,
      "font-size": 12,
      "font-weight": weight,
    })
  );
}

/** @typedef {{ layer: number, way: number }} Row  layer from 0, and direction 1 or -1 */
/** @typedef {{ left: number, pitch: number, box: number, narrow: boolean }} Frame */

/** The rows, from the input upwards. @type {(values: Values) => Row[]} */
const rowsOf = ({ direction, n_layers: layers }) =>
  range(layers).flatMap((layer) =>
    (direction === ONE_WAY ? [1] : [1, -1]).map((way) => ({ layer, way })),
  );

/**
 * Whether the output at step t (from 0) of a row is part of what is returned.
 *
 * @type {(row: Row, t: number, values: Values) => boolean}
 */
function isReturned({ layer, way }, t, values) {
  if (layer !== values.n_layers - 1) return false;
  return values.return_sequences || t === (way === 1 ? values.n_steps - 1 : 0);
}

/**
 * The boxes of a row with the arrows between them, in the direction of reading.
 *
 * @type {(row: Row, y: number, frame: Frame, values: Values, result: Result) => string}
 */
function drawRow(row, y, frame, values, { hidden }) {
  const { left, pitch, box } = frame;
  /** @param {number} t */
  const x = (t) => left + pitch * t;
  const middle = y + BOX / 2;
  const arrows = range(values.n_steps - 1).map((t) => {
    const [from, to] = [x(t) + box, x(t + 1)];
    const [tip, back] = row.way === 1 ? [to, -4] : [from, 4];
    const head = `M${tip + back} ${middle - 3}L${tip} ${middle}L${tip + back} ${middle + 3}`;
    return tag("path", { d: `M${from} ${middle}H${to}${head}`, stroke: SOFT, fill: "none" });
  });
  const boxes = range(values.n_steps).map((t) =>
    cell(x(t), y, box, values.n_units, !hidden && isReturned(row, t, values) ? OUTPUT : undefined),
  );
  const name = `${frame.narrow ? "" : "layer "}${row.layer + 1} ${row.way === 1 ? "→" : "←"}`;
  // States stand where the row's loop ends.
  const [end, anchor] =
    row.way === 1 ? [x(values.n_steps - 1) + box + 8, "start"] : [left - 8, "end"];
  const look = { "text-anchor": anchor, fill: STATE, "font-weight": 700 };
  const state =
    !hidden && values.return_state && row.layer === values.n_layers - 1
      ? text(end, y + 17, STATES[values.kind].join(" "), look)
      : "";
  return (
    text(0, y + 17, name, { fill: SOFT, "font-size": 12 }) +
    arrows.join("") +
    boxes.join("") +
    state
  );
}

/**
 * Lines under the picture: the prediction, or the arrays and the parameters.
 *
 * @param {Values} values
 * @param {Result} result
 */
function linesBelow(values, { names, forms, shapes, parameters, hidden }) {
  if (hidden) {
    const asked = `your prediction: ${values.first}, arrays: ${values.arrays}`;
    return [
      { words: asked, colour: INK },
      { words: "parameters: ?", colour: SOFT },
    ];
  }
  return [
    ...names.map((name, i) => ({
      words: `${name}: ${forms[i]} = ${tuple(shapes[i])}`,
      colour: i ? STATE : OUTPUT,
    })),
    { words: `parameters: ${thousands(parameters)}`, colour: INK },
  ];
}

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(values, result, width) {
  const narrow = width < NARROW;
  const code = codeLines(values, narrow);
  const rows = rowsOf(values);
  const left = (narrow ? 34 : 66) + (values.direction === ONE_WAY ? 0 : 28);
  const room = width - left - 44; // the states stand at the right
  const pitch = Math.min(58, room / values.n_steps);
  const frame = { left, pitch, box: Math.max(12, pitch - (narrow ? 7 : 14)), narrow };
  const top = CODE_LINE * code.length + 14;
  const bottom = top + ROW * rows.length;
  const below = linesBelow(values, result);
  const inputs = range(values.n_steps).map((t) =>
    cell(left + pitch * t, bottom, frame.box, values.n_features),
  );
  const small = { fill: SOFT, "font-size": 11 };
  const steps = range(values.n_steps).map((t) =>
    text(left + pitch * t + frame.box / 2, bottom + BOX + 15, t + 1, { ...MIDDLE, ...small }),
  );
  return {
    height: bottom + ROW + 24 + 19 * below.length,
    svg: [
      ...code.map(drawCode),
      ...rows.map((row, i) => drawRow(row, bottom - ROW * (i + 1), frame, values, result)),
      text(0, bottom + 17, "x", { fill: SOFT, "font-size": 12 }),
      ...inputs,
      text(0, bottom + BOX + 15, "t", small),
      ...steps,
      ...below.map(({ words, colour }, i) =>
        text(0, bottom + ROW + 30 + 19 * i, words, { fill: colour, "font-weight": i ? 400 : 600 }),
      ),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
