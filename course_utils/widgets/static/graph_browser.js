/* A Theano graph in layers, with one node looked at closely. Same results as graph_browser.py. */

const KIND = "kind of node";
const COLUMNS = 34; // characters of a line of the details
const WIDE = 620; // from this width on the details stand beside the graph
const BESIDE = 236;
const LINE_HEIGHT = 16;
const TALLEST = { beside: 840, below: 600 }; // of the graph, by where the details stand

/** @typedef {{ node: number, graph: string, colours: string }} Values */

/**
 * A variable or an operation of the graph; `inputs` are numbers of nodes, from 1.
 *
 * @typedef {object} GraphNode
 * @property {string} kind
 * @property {string} name
 * @property {string | null} op
 * @property {string} dtype
 * @property {number | null} ndim
 * @property {string} type
 * @property {string} code
 * @property {number[]} inputs
 * @property {boolean} result
 * @property {number} layer
 * @property {number} x
 * @property {number[]} bends  places between the layers on the way to the last user
 */

/** @typedef {Record<string, { nodes: GraphNode[], width: number }>} Data */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @param {Values} values @param {Data} data */
export function compute(values, data) {
  const { nodes } = data[values.graph];
  const number = Math.min(values.node, nodes.length);
  const { kind, name, op, type, ndim, inputs } = nodes[number - 1];
  return {
    count: nodes.length,
    operations: nodes.filter((each) => each.kind === "operation").length,
    float64: nodes.filter((each) => each.dtype === "float64").length,
    number,
    kind,
    name,
    op,
    type,
    ndim,
    inputs,
    users: nodes.flatMap((each, i) => (each.inputs.includes(number) ? [i + 1] : [])),
  };
}

// ---------------------------------------------------------------- what they say

/** @param {string} noun */
const withArticle = (noun) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

/** @param {number[]} numbers */
const unique = (numbers) => [...new Set(numbers)];

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(values, result, data) {
  const { nodes } = data[values.graph];
  /** @param {number[]} numbers */
  const names = (numbers) => {
    const all = unique(numbers).map((i) => `${nodes[i - 1].name} (${i})`);
    return listed(all.length > 4 ? [...all.slice(0, 3), `${all.length - 3} others`] : all);
  };
  const node = `Node ${result.number} of ${result.count}, the ${result.kind}`;
  const said = result.inputs.length
    ? `${node} ${result.name}, makes ${withArticle(result.type)} from ${names(result.inputs)}`
    : `${node} ${result.name}, is ${withArticle(result.type)}`;
  return result.users.length
    ? `${said}, used by ${names(result.users)}.`
    : `${said}, a result of the graph.`;
}

// ---------------------------------------------------------------- the details

/**
 * Break a long text at commas and blanks, or where it must be.
 *
 * @type {(label: string, first?: string, later?: string) => string[]}
 */
function wrapped(label, first = "", later = "  ") {
  const lines = [];
  let line = first;
  for (const piece of label.split(/(?<=[ ,(])/)) {
    if (line.length + piece.trimEnd().length > COLUMNS && line.trim()) {
      lines.push(line);
      line = later;
    }
    line += piece;
    while (line.length > COLUMNS) {
      lines.push(line.slice(0, COLUMNS));
      line = later + line.slice(COLUMNS);
    }
  }
  return [...lines, line];
}

/** Lines on the selected node. @param {GraphNode[]} nodes @param {Result} result */
function details(nodes, result) {
  /** @type {(title: string, numbers: number[]) => string[]} */
  const list = (title, numbers) =>
    numbers.length === 0
      ? []
      : [title, ...numbers.map((i) => `  ${i} ${nodes[i - 1].name}`.slice(0, COLUMNS))];
  /** @param {string} line */
  const verb = (line) => (result.inputs.length ? line : line.replace("makes", "is"));
  /** @type {[lines: string[], colour: string, weight?: number][]} */
  const parts = [
    [[`node ${result.number} of ${result.count}: ${result.kind}`], INK, 700],
    [wrapped(result.op ?? result.name, result.op ? "op " : ""), INK],
    [wrapped(result.type, "makes ").map(verb), INK],
    [result.ndim === null ? [] : [`ndim  ${result.ndim}`], INK],
    [list("takes", result.inputs), TAKES],
    [list("used by", result.users), USED],
    [nodes[result.number - 1].result ? ["a result of the graph"] : [], INK],
  ];
  return parts.flatMap(([lines, colour, weight = 400]) =>
    lines.map((label) => ({ label, colour, weight })),
  );
}

// ---------------------------------------------------------------- the picture

const TAKES = BLUE;
const USED = VERMILLION;

/** @type {Record<string, string>} */
const COLOURS = {
  input: BLUE,
  "shared variable": GREEN,
  constant: SOFT,
  operation: INK,
};

/** @param {string} dtype */
function colourOfType(dtype) {
  if (dtype === "float64") return VERMILLION;
  if (dtype.startsWith("float")) return GREEN;
  return dtype.includes("int") ? BLUE : SOFT;
}

/** @type {(colours: string, width: number) => string[]} */
function legend(colours, width) {
  const types = { float64: "float64", float32: "float32", integers: "int64", other: "other" };
  const entries =
    colours === KIND
      ? Object.entries(COLOURS)
      : Object.entries(types).map(([name, dtype]) => [name, colourOfType(dtype)]);
  const size = width < 480 ? 10.5 : 12;
  let x = 7;
  return entries.map(([name, colour]) => {
    const drawn =
      circle(x, 10, 5, { fill: "none", stroke: colour, "stroke-width": 2.5 }) +
      tag("text", { x: x + 10, y: 14, fill: INK, "font-size": size }, escapeText(name));
    x += 26 + 0.58 * size * name.length;
    return drawn;
  });
}

/**
 * A name that fits into a box of `width` pixels: without its braces, or cut.
 *
 * @type {(label: string, width: number, size: number) => string}
 */
function fitting(label, width, size) {
  const most = Math.max(2, Math.floor((width - 6) / (0.6 * size)));
  const plain = label.length <= most ? label : label.replace(/\{.*/, "");
  return shortened(plain, most);
}

/**
 * A line from node to node; it is rounded where it bends.
 *
 * @param {GraphNode} source
 * @param {GraphNode} target
 * @param {Scale} row
 * @param {Scale} place
 * @param {Look} look
 */
function drawEdge(source, target, row, place, look) {
  const xs = [source.x, ...source.bends.slice(0, target.layer - source.layer - 1), target.x];
  const points = xs.map((x, i) => [place(x), row(source.layer + i)]);
  /** @param {number} i */
  const middle = (i) => points[i].map((each, axis) => (each + points[i + 1][axis]) / 2);
  /** @type {(letter: string, ...numbers: number[]) => string} */
  const piece = (letter, ...numbers) => letter + numbers.map((each) => each.toFixed(1)).join(" ");
  const pieces = [
    piece("M", ...points[0]),
    piece("L", ...middle(0)),
    ...points.slice(1, -1).map((point, i) => piece("Q", ...point, ...middle(i + 1))),
    piece("L", ...last(points)),
  ];
  return tag("path", { d: pieces.join(""), fill: "none", ...look });
}

/**
 * @param {GraphNode} node
 * @param {number} number
 * @param {number} x
 * @param {number} y
 * @param {{ width: number, height: number, size: number }} box
 * @param {string} colour
 * @param {boolean} chosen
 */
function drawNode(node, number, x, y, box, colour, chosen) {
  const twoLines = box.height >= 30;
  const name = fitting(node.name, box.width, box.size);
  const type = fitting(`${number} ${node.code}`, box.width, box.size - 2);
  const { width, height } = box;
  const rx = node.kind === "operation" ? 3 : height / 2;
  const frame = { x: x - width / 2, y: y - height / 2, width, height, rx };
  const outer = { ...frame, x: frame.x - 3, y: frame.y - 3, width: width + 6, height: height + 6 };
  /** @type {(line: number, label: string, size: number, look: Look) => string} */
  const line = (y, label, size, look) =>
    tag(
      "text",
      { x, y, "font-size": size, ...look, ...MIDDLE, "font-family": CODE_FONT },
      escapeText(label),
    );
  return tag(
    "g",
    { "data-node": number, style: "cursor: pointer" },
    tag("title", {}, escapeText(`${number} ${node.name}: ${node.type}`)),
    node.result ? tag("rect", { ...outer, fill: PAPER, stroke: colour }) : "",
    tag("rect", {
      ...frame,
      fill: chosen ? TINT : PAPER,
      stroke: chosen ? INK : colour,
      "stroke-width": chosen ? 3 : 1.6,
    }),
    line(twoLines ? y - 1 : y + box.size * 0.35, name, box.size, {
      fill: INK,
      "font-weight": chosen ? 700 : 500,
    }),
    twoLines ? line(y + box.size - 1, type, box.size - 2, { fill: SOFT }) : "",
  );
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const graph = data[values.graph];
  const { nodes } = graph;
  const wide = width >= WIDE;
  const right = wide ? width - BESIDE : width;
  const layers = 1 + Math.max(...nodes.map(({ layer }) => layer));
  const step = clip((wide ? TALLEST.beside : TALLEST.below) / layers, 24, 56);
  const room = right / Math.max(graph.width, 3);
  const size = clip(room / 6, 8, 12);
  const box = { width: Math.min(118, room - 8), height: Math.min(34, step - 12), size };
  const top = 34 + box.height / 2;
  const edge = box.width / 2 + 4;
  /** @param {number} layer */
  const row = (layer) => top + layer * step;
  /** @param {number} x */
  const place = (x) => clip(room * (x + Math.max(0, 3 - graph.width) / 2), edge, right - edge);
  /** @param {GraphNode} node */
  const colourOf = ({ kind, dtype }) =>
    values.colours === KIND ? COLOURS[kind] : colourOfType(dtype);
  const chosen = result.number;

  const edges = nodes.flatMap((target, i) =>
    unique(target.inputs).map((number) => {
      const mark = i + 1 === chosen ? TAKES : number === chosen ? USED : null;
      const look = mark
        ? { stroke: mark, "stroke-width": 2.6 }
        : { stroke: SOFT, "stroke-width": 1.2, "stroke-opacity": 0.5 };
      return { mark, svg: drawEdge(nodes[number - 1], target, row, place, look) };
    }),
  );
  const drawn = [...edges.filter(({ mark }) => !mark), ...edges.filter(({ mark }) => mark)];
  const boxes = nodes.map((node, i) =>
    drawNode(node, i + 1, place(node.x), row(node.layer), box, colourOf(node), i + 1 === chosen),
  );

  const graphEnd = row(layers - 1) + box.height / 2 + 8;
  const textTop = wide ? 44 : graphEnd + 18;
  const lines = details(nodes, result);
  const said = lines.map(({ label, colour, weight }, i) =>
    tag(
      "text",
      {
        x: wide ? right + 18 : 4,
        y: textTop + i * LINE_HEIGHT,
        fill: colour,
        "font-family": CODE_FONT,
        "font-size": 11,
        "font-weight": weight,
        style: "white-space: pre",
      },
      escapeText(label),
    ),
  );
  return {
    height: Math.ceil(Math.max(graphEnd, textTop + lines.length * LINE_HEIGHT)),
    svg: [...legend(values.colours, right), ...drawn.map(({ svg }) => svg), ...boxes, ...said].join(
      "",
    ),
  };
}

// ---------------------------------------------------------------- the mouse

const browser = explorer({ compute, sentence, draw });

/**
 * Clicking a node moves the slider to it, as a key would.
 *
 * @param {View<ExplorerState<Values, Data>>} view
 */
function render(view) {
  const cleanUp = browser.render(view);
  view.el.addEventListener("click", ({ target }) => {
    const node = target instanceof Element ? target.closest("[data-node]") : null;
    const number = node?.getAttribute("data-node");
    const slider = slidersIn(view.el)[0];
    if (number && number !== slider.value) moveSlider(slider, Number(number));
  });
  return cleanUp;
}

export default { render };
