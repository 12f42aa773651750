/* A Theano graph in layers, with one node looked at closely. Same results as graph_browser.py. */

const KIND = "kind of node";
const COLUMNS = 34; // characters of a line of the details
const WIDE = 620; // from this width on the details stand beside the graph
const BESIDE = 236;
const LINE_HEIGHT = 16;
const TALLEST = { beside: 840, below: 600 }; // of the graph, by where the details stand

// ---------------------------------------------------------------- the numbers

export function compute(values, data) {
  const { nodes } = data[values.graph];
  const number = Math.min(values.node, nodes.length);
  const { kind, name, op, type, ndim, inputs } = nodes[number - 1];
  return {
    count: nodes.length,
    operations: nodes.filter((each) => each.kind === "operation").length,
    float64: nodes.filter((each) => each.dtype === "float64").length,
    number, kind, name, op, type, ndim, inputs,
    users: nodes.flatMap((each, i) => (each.inputs.includes(number) ? [i + 1] : [])),
  };
}

// ---------------------------------------------------------------- what they say

const withArticle = (noun) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);
const unique = (numbers) => [...new Set(numbers)];

export function sentence(values, result, data) {
  const { nodes } = data[values.graph];
  const names = (numbers) => {
    let each = unique(numbers).map((i) => `${nodes[i - 1].name} (${i})`);
    if (each.length > 4) each = [...each.slice(0, 3), `${each.length - 3} others`];
    return each.length < 3 ? each.join(" and ") : `${each.slice(0, -1).join(", ")} and ${each.at(-1)}`;
  };
  const node = `Node ${result.number} of ${result.count}, the ${result.kind}`;
  const said = result.inputs.length
    ? `${node} ${result.name}, makes ${withArticle(result.type)} from ${names(result.inputs)}`
    : `${node} ${result.name}, is ${withArticle(result.type)}`;
  return result.users.length ? `${said}, used by ${names(result.users)}.` : `${said}, a result of the graph.`;
}

// ---------------------------------------------------------------- the details

/** Break a long text at commas and blanks, or where it must be. */
function wrapped(label, first = "", later = "  ") {
  const lines = [first];
  for (const piece of label.split(/(?<=[ ,(])/)) {
    if (lines.at(-1).length + piece.trimEnd().length > COLUMNS && lines.at(-1).trim()) lines.push(later);
    lines[lines.length - 1] += piece;
    while (lines.at(-1).length > COLUMNS) {
      const long = lines.pop();
      lines.push(long.slice(0, COLUMNS), later + long.slice(COLUMNS));
    }
  }
  return lines;
}

/** Lines on the selected node: { label, colour }. */
function details(nodes, result) {
  const listed = (numbers) => numbers.map((i) => `  ${i} ${nodes[i - 1].name}`.slice(0, COLUMNS));
  const parts = [
    [[`node ${result.number} of ${result.count}: ${result.kind}`], INK, 700],
    [wrapped(result.op ?? result.name, result.op ? "op " : ""), INK],
    [wrapped(result.type, "makes ").map((line) => (result.inputs.length ? line : line.replace("makes", "is"))), INK],
    [result.ndim === null ? [] : [`ndim  ${result.ndim}`], INK],
    [result.inputs.length ? ["takes", ...listed(result.inputs)] : [], TAKES],
    [result.users.length ? ["used by", ...listed(result.users)] : [], USED],
    [nodes[result.number - 1].result ? ["a result of the graph"] : [], INK],
  ];
  return parts.flatMap(([lines, colour, weight = 400]) => lines.map((label) => ({ label, colour, weight })));
}

// ---------------------------------------------------------------- the picture

const TAKES = "var(--unrolled-blue)";
const USED = "var(--unrolled-vermillion)";

const COLOURS = {
  input: "var(--unrolled-blue)",
  "shared variable": "var(--unrolled-green)",
  constant: SOFT,
  operation: INK,
};

function colourOf({ kind, dtype }, colours) {
  if (colours === KIND) return COLOURS[kind];
  if (dtype === "float64") return "var(--unrolled-vermillion)";
  if (dtype.startsWith("float")) return "var(--unrolled-green)";
  return dtype.includes("int") ? "var(--unrolled-blue)" : SOFT;
}

function legend(nodes, colours, width) {
  const entries = colours === KIND
    ? Object.entries(COLOURS)
    : [["float64", "float64"], ["float32", "float32"], ["integers", "int64"], ["other", "other"]]
      .map(([name, dtype]) => [name, colourOf({ dtype }, colours)]);
  const size = width < 480 ? 10.5 : 12;
  let x = 7;
  return entries.map(([name, colour]) => {
    const drawn = tag("circle", { cx: x, cy: 10, r: 5, fill: "none", stroke: colour, "stroke-width": 2.5 }) +
      tag("text", { x: x + 10, y: 14, fill: INK, "font-size": size }, escapeText(name));
    x += 26 + 0.58 * size * name.length;
    return drawn;
  });
}

/** A name that fits into a box of `width` pixels: without its braces, or cut. */
function fitting(label, width, size) {
  const most = Math.max(2, Math.floor((width - 6) / (0.6 * size)));
  const plain = label.length <= most ? label : label.replace(/\{.*/, "");
  return plain.length <= most ? plain : `${plain.slice(0, most - 1)}…`;
}

/** A line from node to node; it is rounded where it bends. */
function drawEdge(source, target, row, place, look) {
  const xs = [source.x, ...source.bends.slice(0, target.layer - source.layer - 1), target.x];
  const points = xs.map((x, i) => [place(x), row(source.layer + i)]);
  const middle = (i) => points[i].map((each, axis) => (each + points[i + 1][axis]) / 2);
  const bends = points.slice(1, -1).map((point, i) => ["Q", ...point, ...middle(i + 1)]);
  const path = [["M", ...points[0]], ["L", ...middle(0)], ...bends, ["L", ...points.at(-1)]]
    .map(([letter, ...numbers]) => letter + numbers.map((each) => each.toFixed(1)).join(" "));
  return tag("path", { d: path.join(""), fill: "none", ...look });
}

function drawNode(node, number, x, y, box, values, chosen) {
  const colour = colourOf(node, values.colours);
  const leaf = node.kind === "operation" ? {} : { rx: box.height / 2 };
  const twoLines = box.height >= 30;
  const name = fitting(node.name, box.width, box.size);
  const type = fitting(`${number} ${node.code}`, box.width, box.size - 2);
  const frame = { x: x - box.width / 2, y: y - box.height / 2, width: box.width, height: box.height, rx: 3, ...leaf };
  const middle = { "text-anchor": "middle", "font-family": CODE_FONT };
  return tag("g", { "data-node": number, style: "cursor: pointer" },
    tag("title", {}, escapeText(`${number} ${node.name}: ${node.type}`)),
    node.result
      ? tag("rect", { ...frame, x: frame.x - 3, y: frame.y - 3, width: box.width + 6, height: box.height + 6, fill: PAPER, stroke: colour })
      : "",
    tag("rect", {
      ...frame,
      fill: chosen ? "var(--unrolled-tint)" : PAPER,
      stroke: chosen ? INK : colour,
      "stroke-width": chosen ? 3 : 1.6,
    }),
    tag("text", { x, y: twoLines ? y - 1 : y + box.size * 0.35, fill: INK, "font-size": box.size, "font-weight": chosen ? 700 : 500, ...middle }, escapeText(name)),
    twoLines ? tag("text", { x, y: y + box.size - 1, fill: SOFT, "font-size": box.size - 2, ...middle }, escapeText(type)) : "");
}

export function draw(values, result, width, data) {
  const graph = data[values.graph];
  const { nodes } = graph;
  const wide = width >= WIDE;
  const right = wide ? width - BESIDE : width;
  const layers = 1 + Math.max(...nodes.map(({ layer }) => layer));
  const step = Math.max(24, Math.min(56, (wide ? TALLEST.beside : TALLEST.below) / layers));
  const room = right / Math.max(graph.width, 3);
  const size = Math.max(8, Math.min(12, room / 6));
  const box = { width: Math.min(118, room - 8), height: Math.min(34, step - 12), size };
  const top = 34 + box.height / 2;
  const row = (layer) => top + layer * step;
  const place = (x) => Math.max(box.width / 2 + 4, Math.min(right - box.width / 2 - 4, (right / Math.max(graph.width, 3)) * (x + Math.max(0, 3 - graph.width) / 2)));
  const chosen = result.number;

  const edges = nodes.flatMap((target, i) => unique(target.inputs).map((number) => {
    const mark = i + 1 === chosen ? TAKES : number === chosen ? USED : null;
    const look = mark
      ? { stroke: mark, "stroke-width": 2.6 }
      : { stroke: SOFT, "stroke-width": 1.2, "stroke-opacity": 0.5 };
    return { mark, svg: drawEdge(nodes[number - 1], target, row, place, look) };
  }));
  const drawn = [...edges.filter(({ mark }) => !mark), ...edges.filter(({ mark }) => mark)].map(({ svg }) => svg);
  const boxes = nodes.map((node, i) => drawNode(node, i + 1, place(node.x), row(node.layer), box, values, i + 1 === chosen));

  const graphEnd = row(layers - 1) + box.height / 2 + 8;
  const textTop = wide ? 44 : graphEnd + 18;
  const lines = details(nodes, result);
  const said = lines.map(({ label, colour, weight }, i) => tag("text", {
    x: wide ? right + 18 : 4, y: textTop + i * LINE_HEIGHT, fill: colour, "font-family": CODE_FONT,
    "font-size": 11, "font-weight": weight, style: "white-space: pre",
  }, escapeText(label)));
  return {
    height: Math.ceil(Math.max(graphEnd, textTop + lines.length * LINE_HEIGHT)),
    svg: [...legend(nodes, values.colours, right), ...drawn, ...boxes, ...said].join(""),
  };
}

// ---------------------------------------------------------------- the mouse

const browser = explorer({ compute, sentence, draw });

/** Clicking a node moves the slider to it, as a key would. */
function render({ model, el }) {
  const cleanUp = browser.render({ model, el });
  el.addEventListener("click", (event) => {
    const number = event.target.closest?.("[data-node]")?.dataset.node;
    const slider = el.querySelector("input[type=range]");
    if (number === undefined || number === slider.value) return;
    slider.value = number;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return cleanUp;
}

export default { render };
