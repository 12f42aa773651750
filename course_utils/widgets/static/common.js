/* What widgets share: colours, numbers and words, drawing.
 *
 * This file, frame.js, mount.js and a widget's own file reach the page as one module: page_script()
 * in base.py joins them. So there is nothing to import, and a widget gives none of these names to
 * something of its own.
 */

/** @typedef {[x: number, y: number]} Point */
/** @typedef {(value: number) => number} Scale  from the values of an axis to pixels */
/** @typedef {Record<string, string | number | undefined>} Look  attributes in a picture */
/** @typedef {{ height: number, svg: string }} Picture */

// ---------------------------------------------------------------- colours and fonts of common.css

const INK = "var(--unrolled-ink)";
const SOFT = "var(--unrolled-soft)";
const LINE = "var(--unrolled-line)";
const PAPER = "var(--unrolled-paper)";
const TINT = "var(--unrolled-tint)";
const BLUE = "var(--unrolled-blue)";
const VERMILLION = "var(--unrolled-vermillion)";
const GREEN = "var(--unrolled-green)";
const CODE_FONT = "var(--jp-code-font-family, monospace)";

// ---------------------------------------------------------------- arithmetic

/** The whole numbers from 0 to `count` - 1. @param {number} count */
const range = (count) => Array.from({ length: count }, (_, i) => i);

/** @type {<T>(list: T[]) => T} */
const last = (list) => list[list.length - 1];

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** @param {number} value @param {number} low @param {number} high */
const clip = (value, low, high) => Math.max(low, Math.min(high, value));

/** @param {number} value */
const sigmoid = (value) => 1 / (1 + Math.exp(-value));

// ---------------------------------------------------------------- numbers and words

/** @param {string} digits */
const minus = (digits) => digits.replace("-", "−");

/** Three significant digits, as Python's format_number() writes them. @param {number} value */
function formatNumber(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) return minus(String(Number(value.toPrecision(3))));
  const [mantissa, exponent] = value.toExponential(2).split("e");
  return `${minus(String(Number(mantissa)))}×10${superscript(Number(exponent))}`;
}

/** @param {number} value */
const formatSigned = (value) => `${value > 0 ? "+" : ""}${formatNumber(value)}`;

/**
 * A control's value with as many decimals as its step has.
 *
 * @type {(value: number, step: number) => string}
 */
function formatStep(value, step) {
  return minus(value.toFixed((String(step).split(".")[1] ?? "").length));
}

/** @param {number} whole */
const superscript = (whole) =>
  [...String(whole)].map((each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)]).join("");

/** "1 step", "2 steps". @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** "a", "a and b", "a, b and c". @param {string[]} parts */
const listed = (parts) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last(parts)}` : (parts[0] ?? "");

/** A shape as Python writes it: "(4, 3)", "(4,)", "()". @param {number[]} shape */
const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** The same with an ellipsis for what is too long. @param {string} whole @param {number} longest */
const shortened = (whole, longest) =>
  whole.length <= longest ? whole : `${whole.slice(0, longest - 1)}…`;

/** The pieces of "weight w_h": { text } or { letter, subscript }. @param {string | number} label */
function pieces(label) {
  return String(label)
    .split(/\b([A-Za-z]_(?:\{[^}]*\}|\w+))/)
    .map((part, i) =>
      i % 2 ? { letter: part[0], subscript: part.slice(2).replace(/[{}]/g, "") } : { text: part },
    );
}

// ---------------------------------------------------------------- drawing

const MIDDLE = { "text-anchor": "middle" };
const END = { "text-anchor": "end" };

/** @param {string | number} value */
const escapeText = (value) =>
  String(value).replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);

/**
 * An SVG element as text. Numbers are rounded to hundredths of a pixel; undefined is left out.
 *
 * @param {string} name
 * @param {Look} attributes
 * @param {...string} children
 */
function tag(name, attributes, ...children) {
  const written = Object.entries(attributes).map(([key, value]) => {
    if (value === undefined) return "";
    const plain = typeof value === "number" ? Math.round(value * 100) / 100 : value;
    return ` ${key}="${escapeText(plain)}"`;
  });
  return `<${name}${written.join("")}>${children.join("")}</${name}>`;
}

/**
 * Text at a place; "h_{t-1}" is set as a letter with a subscript.
 *
 * @param {number} x
 * @param {number} y
 * @param {string | number} label
 * @param {Look} attributes
 */
function text(x, y, label, attributes = {}) {
  const parts = pieces(label).map((part) =>
    part.text !== undefined
      ? escapeText(part.text)
      : tag("tspan", { "font-style": "italic" }, escapeText(part.letter)) +
        tag("tspan", { "font-size": "75%", dy: "0.3em" }, escapeText(minus(part.subscript))) +
        // The next piece goes back to the line; it is empty but must hold a character.
        tag("tspan", { "font-size": "75%", dy: "-0.3em" }, "\u200b"),
  );
  return tag("text", { x, y, ...attributes }, ...parts);
}

/** @type {(x: number, y: number, width: number, height: number, look: Look) => string} */
const rect = (x, y, width, height, look) => tag("rect", { x, y, width, height, ...look });

/** @type {(cx: number, cy: number, r: number, look: Look) => string} */
const circle = (cx, cy, r, look) => tag("circle", { cx, cy, r, ...look });

/** @type {(x1: number, y1: number, x2: number, y2: number, look: Look) => string} */
const segment = (x1, y1, x2, y2, look) => tag("line", { x1, y1, x2, y2, ...look });

/** Straight lines from point to point, as a path's `d`. @param {Point[]} points */
const path = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** The line through points. @param {Point[]} points @param {Look} look */
const curve = (points, look) =>
  tag("path", { d: path(points), fill: "none", "stroke-width": 2, ...look });

/**
 * The head of an arrow in the direction (dx, dy), of length 1; its tip is at (x, y).
 *
 * @type {(x: number, y: number, dx: number, dy: number, size: number, fill: string) => string}
 */
function arrowHead(x, y, dx, dy, size, fill) {
  /** @param {number} turn */
  const wing = (turn) =>
    `${(x - size * dx - turn * 4 * dy).toFixed(1)} ${(y - size * dy + turn * 4 * dx).toFixed(1)}`;
  return tag("path", { d: `M${x.toFixed(1)} ${y.toFixed(1)}L${wing(1)}L${wing(-1)}Z`, fill });
}

/**
 * The area between two lines.
 *
 * @type {(upper: Point[], lower: Point[], look: Look) => string}
 */
const band = (upper, lower, look) =>
  tag("path", { d: `${path([...upper, ...[...lower].reverse()])}Z`, ...look });

// ---------------------------------------------------------------- axes and legends

/**
 * A function that maps [low, high] onto [from, to].
 *
 * @type {(low: number, high: number, from: number, to: number) => Scale}
 */
const scale = (low, high, from, to) => (value) =>
  from + ((value - low) / (high - low)) * (to - from);

/**
 * Ends of an axis that holds all numbers, and 0 if that is near.
 *
 * @param {number[]} numbers
 * @returns {[low: number, high: number]}
 */
function limits(numbers) {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = 0.06 * (high - low) || 1;
  return [low >= 0 && low < 0.3 * high ? 0 : low - room, high + room];
}

/**
 * Round numbers that divide [low, high] in about `count` parts.
 *
 * @type {(low: number, high: number, count: number) => number[]}
 */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const end = Math.floor(high / step + 1e-9);
  // Without the noise of the last digits: 3 * 0.1 is not 0.3.
  return range(end - first + 1).map((i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Lines across a panel at `marks`, the one at `strong` darker, with their numbers on the left.
 *
 * @param {number[]} marks
 * @param {Scale} y
 * @param {number} left
 * @param {number} right
 * @param {{ strong?: number | null, gap?: number, label?: (mark: number) => string }} options
 * @param {Look} look  of the numbers
 */
function valueAxis(
  marks,
  y,
  left,
  right,
  { strong = 0, gap = 8, label = formatNumber } = {},
  look = {},
) {
  return marks
    .map((mark) => {
      const stroke = mark === strong ? SOFT : LINE;
      return (
        segment(left, y(mark), right, y(mark), { stroke }) +
        text(left - gap, y(mark) + 4, label(mark), { ...END, fill: SOFT, ...look })
      );
    })
    .join("");
}

/**
 * Short lines below a panel at `marks`, with their numbers.
 *
 * @type {(marks: number[], x: Scale, bottom: number, gap?: number) => string}
 */
const stepAxis = (marks, x, bottom, gap = 19) =>
  marks
    .map(
      (mark) =>
        segment(x(mark), bottom, x(mark), bottom + 5, { stroke: SOFT }) +
        text(x(mark), bottom + gap, minus(String(mark)), { ...MIDDLE, fill: SOFT }),
    )
    .join("");

/**
 * A name after a piece of its line.
 *
 * @param {number} x
 * @param {number} y  of the name
 * @param {string} name
 * @param {Look} line  its look
 * @param {Look} look  of the name
 * @param {number} length  of the piece
 */
const legendEntry = (x, y, name, line, look = {}, length = 24) =>
  segment(x, y - 4, x + length, y - 4, { "stroke-width": 2, ...line }) +
  text(x + length + 6, y, name, look);
