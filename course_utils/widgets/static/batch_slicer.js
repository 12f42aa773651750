/* Slices of a batch x (N, T, D). Same results as batch_slicer.py. */

const AXES = /** @type {const} */ (["n", "t", "d"]);
const ALL = "all";

/** @typedef {{ n: string, t: string, d: string }} Values  an index each, or ALL */
/** @typedef {{ x: number[][][] }} Data */
/** @typedef {number | Nested[]} Nested */
/** @typedef {{ expression: string, shape: number[], slice: Nested }} Result */

// ---------------------------------------------------------------- the numbers

/** @param {Data} data */
function sizes({ x }) {
  return [x.length, x[0].length, x[0][0].length];
}

/**
 * Take one index, or all, of each axis of a nested list.
 *
 * @type {(nested: Nested, indices: string[]) => Nested}
 */
function take(nested, [first, ...others]) {
  if (typeof nested === "number") return nested;
  if (first === ALL) return nested.map((inner) => take(inner, others));
  return take(nested[Number(first)], others);
}

/** @type {(values: Values, data: Data) => Result} */
export function compute(values, data) {
  const indices = AXES.map((axis) => values[axis]);
  return {
    expression: `x[${indices.map((index) => (index === ALL ? ":" : index)).join(", ")}]`,
    shape: sizes(data).filter((_, axis) => indices[axis] === ALL),
    slice: take(data.x, indices),
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, sizes: number[]) => string} */
function meaning({ n, t, d }, { slice }, [N, T, D]) {
  const fixed = [
    [n, "n"],
    [t, "t"],
    [d, "d"],
  ].filter(([index]) => index !== ALL);
  /** @type {Record<string, () => string>} */
  const meanings = {
    "": () => `the whole batch, ${N} sequences of ${T} steps with ${D} features`,
    n: () => `sequence ${n} alone, ${T} steps with ${D} features`,
    t: () => `step ${t} of every sequence, which is what the network reads at once`,
    d: () => `feature ${d} of every sequence at every step`,
    nt: () => `the ${D} features of sequence ${n} at step ${t}`,
    nd: () => `feature ${d} of sequence ${n} over its ${T} steps`,
    td: () => `feature ${d} at step ${t}, one number a sequence`,
    ntd: () => `one number, ${formatNumber(Number(slice))}`,
  };
  return meanings[fixed.map(([, axis]) => axis).join("")]();
}

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(values, result, data) {
  const said = meaning(values, result, sizes(data));
  return `${result.expression} has shape ${tuple(result.shape)}: ${said}.`;
}

// ---------------------------------------------------------------- the picture

const CELL = { width: 38, height: 25 };
const HEAD = 44; // above a table: its name and its column numbers
const SIDE = 26; // left of a table: its row numbers

/** @type {(x: number, y: number, number: number, taken: boolean) => string} */
function cell(x, y, number, taken) {
  return (
    rect(x, y, CELL.width, CELL.height, { fill: taken ? TINT : "none", stroke: LINE }) +
    text(x + CELL.width / 2, y + CELL.height / 2 + 4.5, formatNumber(number), {
      ...MIDDLE,
      ...(taken ? { "font-weight": 700 } : { fill: SOFT }),
    })
  );
}

/**
 * A frame around the cells that are taken; more than a colour tells them apart.
 *
 * @type {(x: number, y: number, columns: number, rows: number) => string}
 */
function frame(x, y, columns, rows) {
  return rect(x, y, columns * CELL.width, rows * CELL.height, {
    fill: "none",
    stroke: BLUE,
    "stroke-width": 2.5,
  });
}

/**
 * Row and column numbers of a table whose cells begin at (x, y).
 *
 * @param {number} x
 * @param {number} y
 * @param {number} rows
 * @param {number} columns
 * @param {string | undefined} rowName
 * @param {string | undefined} columnName
 */
function margins(x, y, rows, columns, rowName, columnName) {
  const soft = { fill: SOFT, "font-size": 12 };
  return [
    rowName && text(x - 8, y - 6, rowName, { ...soft, ...END, "font-style": "italic" }),
    ...range(rowName ? rows : 0).map((i) =>
      text(x - 8, y + (i + 0.5) * CELL.height + 4, i, { ...soft, ...END }),
    ),
    columnName &&
      text(x + columns * CELL.width, y - 6, columnName, { ...soft, "font-style": "italic" }),
    ...range(columnName ? columns : 0).map((i) =>
      text(x + (i + 0.5) * CELL.width, y - 6, i, { ...soft, ...MIDDLE }),
    ),
  ]
    .filter(Boolean)
    .join("");
}

/**
 * One sequence of the batch, (T, D), with the part that the slice takes.
 *
 * @type {(x: number, y: number, n: number, table: number[][], values: Values) => string}
 */
function sequence(x, y, n, table, values) {
  const [steps, features] = [table.length, table[0].length];
  /** @type {(axis: keyof Values, index: number) => boolean} */
  const inside = (axis, index) => values[axis] === ALL || Number(values[axis]) === index;
  const chosen = inside("n", n);
  const cells = table.flatMap((row, t) =>
    row.map((number, d) =>
      cell(
        x + d * CELL.width,
        y + t * CELL.height,
        number,
        chosen && inside("t", t) && inside("d", d),
      ),
    ),
  );
  /** @param {keyof Values} axis */
  const at = (axis) => (values[axis] === ALL ? 0 : Number(values[axis]));
  const marked = chosen
    ? frame(
        x + at("d") * CELL.width,
        y + at("t") * CELL.height,
        values.d === ALL ? features : 1,
        values.t === ALL ? steps : 1,
      )
    : "";
  const name = text(x + (features * CELL.width) / 2, y - 26, `sequence ${n}`, {
    ...MIDDLE,
  });
  return name + margins(x, y, steps, features, "t", "d") + cells.join("") + marked;
}

/**
 * What the slice gives, drawn as the array that NumPy returns.
 *
 * @type {(y: number, values: Values, result: Result) => string}
 */
function outcome(y, values, { expression, shape, slice }) {
  const title = text(0, y + 14, `${expression}  →  shape ${tuple(shape)}`, {
    fill: BLUE,
    "font-weight": 600,
    "font-family": CODE_FONT,
  });
  if (shape.length === 3) {
    return title + text(0, y + 40, "nothing is taken away: this is x itself", { fill: SOFT });
  }
  const rows = /** @type {number[][]} */ (
    shape.length === 2 ? slice : [shape.length === 1 ? slice : [slice]]
  );
  const left = AXES.filter((axis) => values[axis] === ALL);
  const [x, top] = [SIDE, y + HEAD];
  const cells = rows.flatMap((row, i) =>
    row.map((number, j) => cell(x + j * CELL.width, top + i * CELL.height, number, true)),
  );
  return (
    title +
    margins(x, top, rows.length, rows[0].length, left.at(-2), left.at(-1)) +
    cells.join("") +
    frame(x, top, rows[0].length, rows.length)
  );
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const [N, T, D] = sizes(data);
  const table = { width: SIDE + D * CELL.width + 10, height: HEAD + T * CELL.height + 14 };
  const across = Math.max(1, Math.min(N, Math.floor(width / table.width)));
  const batch = data.x.map((each, n) =>
    sequence(
      (n % across) * table.width + SIDE,
      Math.floor(n / across) * table.height + HEAD,
      n,
      each,
      values,
    ),
  );
  const below = Math.ceil(N / across) * table.height + 4;
  return {
    // As high as the highest slice, so that nothing jumps.
    height: below + HEAD + Math.max(N, T) * CELL.height + 4,
    svg: batch.join("") + outcome(below, values, result),
  };
}

export default explorer({ compute, sentence, draw });
