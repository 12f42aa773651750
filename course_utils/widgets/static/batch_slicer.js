/* Slices of a batch x (N, T, D). Same results as batch_slicer.py. */

const AXES = ["n", "t", "d"];
const ALL = "all";

// ---------------------------------------------------------------- the numbers

function sizes({ x }) {
  return [x.length, x[0].length, x[0][0].length];
}

/** Take one index, or all, of each axis of a nested list. */
function take(nested, [first, ...others]) {
  if (first === undefined) return nested;
  if (first === ALL) return nested.map((inner) => take(inner, others));
  return take(nested[Number(first)], others);
}

export function compute(values, data) {
  const indices = AXES.map((axis) => values[axis]);
  return {
    expression: `x[${indices.map((index) => (index === ALL ? ":" : index)).join(", ")}]`,
    shape: sizes(data).filter((_, axis) => indices[axis] === ALL),
    slice: take(data.x, indices),
  };
}

// ---------------------------------------------------------------- what they say

function meaning({ n, t, d }, { slice }, [N, T, D]) {
  const fixed = [[n, "n"], [t, "t"], [d, "d"]].filter(([index]) => index !== ALL);
  return {
    "": () => `the whole batch, ${N} sequences of ${T} steps with ${D} features`,
    n: () => `sequence ${n} alone, ${T} steps with ${D} features`,
    t: () => `step ${t} of every sequence, which is what the network reads at once`,
    d: () => `feature ${d} of every sequence at every step`,
    nt: () => `the ${D} features of sequence ${n} at step ${t}`,
    nd: () => `feature ${d} of sequence ${n} over its ${T} steps`,
    td: () => `feature ${d} at step ${t}, one number a sequence`,
    ntd: () => `one number, ${formatNumber(slice)}`,
  }[fixed.map(([, axis]) => axis).join("")]();
}

/** A shape as Python writes it: "(4, 3)", "(4,)", "()". */
const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

export function sentence(values, result, data) {
  return `${result.expression} has shape ${tuple(result.shape)}: ${meaning(values, result, sizes(data))}.`;
}

// ---------------------------------------------------------------- the picture

const CELL = { width: 38, height: 25 };
const HEAD = 44; // above a table: its name and its column numbers
const SIDE = 26; // left of a table: its row numbers

function cell(x, y, number, taken) {
  return tag("rect", {
    x, y, width: CELL.width, height: CELL.height,
    fill: taken ? "var(--unrolled-tint)" : "none", stroke: "var(--unrolled-line)",
  }) + text(x + CELL.width / 2, y + CELL.height / 2 + 4.5, formatNumber(number), {
    "text-anchor": "middle", ...(taken ? { "font-weight": 700 } : { fill: SOFT }),
  });
}

/** A frame around the cells that are taken; more than a colour tells them apart. */
function frame(x, y, columns, rows) {
  return tag("rect", {
    x, y, width: columns * CELL.width, height: rows * CELL.height,
    fill: "none", stroke: BLUE, "stroke-width": 2.5,
  });
}

/** Row and column numbers of a table whose cells begin at (x, y). */
function margins(x, y, rows, columns, rowName, columnName) {
  const soft = { fill: SOFT, "font-size": 12 };
  const numbers = (count) => Array.from({ length: count }, (_, i) => i);
  return [
    rowName && text(x - 8, y - 6, rowName, { ...soft, "text-anchor": "end", "font-style": "italic" }),
    ...(rowName ? numbers(rows) : []).map((i) =>
      text(x - 8, y + (i + 0.5) * CELL.height + 4, i, { ...soft, "text-anchor": "end" })),
    columnName && text(x + columns * CELL.width, y - 6, columnName, { ...soft, "font-style": "italic" }),
    ...(columnName ? numbers(columns) : []).map((i) =>
      text(x + (i + 0.5) * CELL.width, y - 6, i, { ...soft, "text-anchor": "middle" })),
  ].filter(Boolean).join("");
}

/** One sequence of the batch, (T, D), with the part that the slice takes. */
function sequence(x, y, n, table, values) {
  const [steps, features] = [table.length, table[0].length];
  const inside = (axis, index) => values[axis] === ALL || Number(values[axis]) === index;
  const cells = table.flatMap((row, t) => row.map((number, d) =>
    cell(x + d * CELL.width, y + t * CELL.height, number, inside("n", n) && inside("t", t) && inside("d", d))));
  const at = (axis) => (values[axis] === ALL ? 0 : Number(values[axis]));
  const marked = inside("n", n)
    ? frame(x + at("d") * CELL.width, y + at("t") * CELL.height,
      values.d === ALL ? features : 1, values.t === ALL ? steps : 1)
    : "";
  const name = text(x + (features * CELL.width) / 2, y - 26, `sequence ${n}`, { "text-anchor": "middle" });
  return name + margins(x, y, steps, features, "t", "d") + cells.join("") + marked;
}

/** What the slice gives, drawn as the array that NumPy returns. */
function outcome(y, values, { expression, shape, slice }) {
  const title = text(0, y + 14, `${expression}  →  shape ${tuple(shape)}`, {
    fill: BLUE, "font-weight": 600, "font-family": "var(--jp-code-font-family, monospace)",
  });
  if (shape.length === 3) return title + text(0, y + 40, "nothing is taken away: this is x itself", { fill: SOFT });
  const rows = shape.length === 2 ? slice : [shape.length === 1 ? slice : [slice]];
  const left = AXES.filter((axis) => values[axis] === ALL);
  const [x, top] = [SIDE, y + HEAD];
  const cells = rows.flatMap((row, i) =>
    row.map((number, j) => cell(x + j * CELL.width, top + i * CELL.height, number, true)));
  return title + margins(x, top, rows.length, rows[0].length, left.at(-2), left.at(-1)) +
    cells.join("") + frame(x, top, rows[0].length, rows.length);
}

export function draw(values, result, width, data) {
  const [N, T, D] = sizes(data);
  const table = { width: SIDE + D * CELL.width + 10, height: HEAD + T * CELL.height + 14 };
  const across = Math.max(1, Math.min(N, Math.floor(width / table.width)));
  const batch = data.x.map((each, n) => sequence(
    (n % across) * table.width + SIDE, Math.floor(n / across) * table.height + HEAD, n, each, values));
  const below = Math.ceil(N / across) * table.height + 4;
  return {
    // As high as the highest slice, so that nothing jumps.
    height: below + HEAD + Math.max(N, T) * CELL.height + 4,
    svg: batch.join("") + outcome(below, values, result),
  };
}

export default explorer({ compute, sentence, draw });
