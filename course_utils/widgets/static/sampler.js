/* Draw a text token by token from a model's logits. Same numbers as sampler.py. */

const N_BARS = 10;
const N_LINES = 7;
const LAST = "<end>";
const ALL = "all";
const LINE_ENDS = ["/", "\n"];
const CLINGING = [",", ".", ";", ":", "?", "!"]; // stand without a space before them
const NAMES = new Map([
  ["\n", "line end"],
  ["/", "line end"],
  [" ", "space"],
  [LAST, "end of the text"],
]);

/** @typedef {{ temperature: number, top_k: string, n_tokens: number, seed: number }} Values */

/**
 * Logits after a text: of a bigram table by its last token, or those that the kernel has computed.
 *
 * @typedef {object} Data
 * @property {string[]} tokens
 * @property {string[]} prompt
 * @property {string} separator  between two tokens
 * @property {number[][]} [table]  row 0 for an empty text
 * @property {Record<string, number[]>} logits  by the ids of the text
 */

/** @typedef {{ number: number, drawn: number, probability: number, ended: boolean }} Drawn */
/** @typedef {ReturnType<typeof distribution> & Drawn & { text: number[], waiting: false }} Next */
/** @typedef {{ text: number[], waiting: true } | Next} Result */

// ---------------------------------------------------------------- from logits to a token

/** Tokens by falling logit; of equal ones the lower id first. @param {number[]} logits */
const rankedBy = (logits) => logits.map((_, i) => i).sort((i, j) => logits[j] - logits[i]);

/**
 * Softmax of the k largest logits divided by the temperature; 0 is its limit.
 *
 * @type {(logits: number[], temperature: number, topK: string) => number[]}
 */
function probabilitiesOf(logits, temperature, topK) {
  const k = temperature === 0 ? 1 : topK === ALL ? logits.length : Number(topK);
  const best = Math.max(...logits);
  const weights = logits.map(() => 0);
  for (const i of rankedBy(logits).slice(0, k)) {
    weights[i] = Math.exp((logits[i] - best) / (temperature || 1));
  }
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/**
 * A number in [0, 1) that looks drawn: 32 bits, hashed as mulberry32 does.
 *
 * @type {(seed: number, place: number) => number}
 */
function uniform(seed, place) {
  let a = (seed * 0x9e3779b1 + place * 0x85ebca77 + 0x6d2b79f5) >>> 0;
  a = Math.imul(a ^ (a >>> 15), a | 1);
  a ^= a + Math.imul(a ^ (a >>> 7), a | 61);
  return ((a ^ (a >>> 14)) >>> 0) / 2 ** 32;
}

/**
 * The first token, from the most likely on, at which the running sum exceeds the number.
 *
 * @type {(p: number[], ranked: number[], number: number) => number}
 */
function pick(p, ranked, number) {
  let running = 0;
  for (const i of ranked) {
    running += p[i];
    if (running > number) return i;
  }
  return ranked[0]; // the sum fell short of the number by a rounding
}

/**
 * Logits after these tokens, or undefined where the kernel has still to run the network.
 *
 * @type {(path: number[], data: Data) => number[] | undefined}
 */
function logitsAfter(path, { table, logits }) {
  if (table) return table[path.length ? last(path) + 1 : 0];
  return logits[path.join(" ")];
}

/**
 * The bars: the most likely tokens, by the model and changed, and all others together.
 *
 * @param {number[]} logits
 * @param {number[]} p
 * @param {number[]} ranked
 */
function distribution(logits, p, ranked) {
  const shown = ranked.slice(0, N_BARS);
  const own = probabilitiesOf(logits, 1, ALL);
  const [plain, changed] = [own, p].map((each) => shown.map((i) => each[i]));
  /** @param {number[]} part */
  const rest = (part) => Math.max(0, 1 - sum(part));
  const nats = -sum(p.map((each) => (each > 0 ? each * Math.log(each) : 0)));
  return {
    shown,
    plain,
    changed,
    plain_rest: rest(plain),
    changed_rest: rest(changed),
    n_possible: p.filter((each) => each > 0).length,
    choices: Math.exp(nats),
  };
}

/** @type {(values: Values, data: Data) => Result} */
export function compute({ temperature, top_k, n_tokens, seed }, data) {
  const end = data.tokens.indexOf(LAST);
  /** @type {number[]} */
  const path = [];
  for (;;) {
    const logits = logitsAfter(path, data);
    if (!logits) return { text: path, waiting: true };
    const [p, ranked] = [probabilitiesOf(logits, temperature, top_k), rankedBy(logits)];
    const number = uniform(seed, path.length);
    const drawn = pick(p, ranked, number);
    if (path.length === n_tokens || drawn === end) {
      return {
        text: path,
        ...distribution(logits, p, ranked),
        number,
        drawn,
        probability: p[drawn],
        ended: path.length < n_tokens,
        waiting: false,
      };
    }
    path.push(drawn);
  }
}

// ---------------------------------------------------------------- what they say

/** @param {string} token */
const quoted = (token) =>
  NAMES.has(token) ? `${token === LAST ? "the" : "a"} ${NAMES.get(token)}` : `“${token}”`;

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(_values, result, { tokens }) {
  const after = `After ${counted(result.text.length, "token")}`;
  if (result.waiting) return `${after} the network in the kernel has to compute.`;
  const { drawn, probability, number, n_possible, choices, ended } = result;
  const ending = ended ? ", and the text stops here" : "";
  const token = quoted(tokens[drawn]);
  if (n_possible === 1) {
    return `${after} only ${token} is possible, whatever number is drawn${ending}.`;
  }
  return (
    `${after}, ${n_possible} tokens are possible, which leaves as much choice as ` +
    `${formatNumber(choices)} equally likely ones; the number ${formatNumber(number)} draws ` +
    `${token} (${formatNumber(100 * probability)} %)${ending}.`
  );
}

// ---------------------------------------------------------------- the picture: the text

const LETTER = 7.6; // pixels, at most, on average
const TEXT_LINE = 20;

/** @typedef {"prompt" | "text" | "next"} Kind */
/** @typedef {{ token: string, kind: Kind }} Part */
/** @typedef {{ space: string, words: string, kind: Kind }} Piece */

/** @type {Record<Kind, Look>} */
const LOOKS = {
  prompt: { fill: SOFT },
  text: { fill: INK },
  next: { fill: VERMILLION, "font-weight": 700, "text-decoration": "underline" },
};

/**
 * Lines of pieces; no line has more than `longest` letters.
 *
 * @type {(parts: Part[], separator: string, longest: number) => Piece[][]}
 */
function linesOf(parts, separator, longest) {
  /** @type {Piece[][]} */
  const lines = [[]];
  let length = 0;
  const open = () => {
    lines.push([]);
    length = 0;
  };
  for (const { token, kind } of parts) {
    const close = length === 0 || CLINGING.includes(token) ? "" : separator;
    if (length + close.length + token.length > longest) open();
    if (LINE_ENDS.includes(token)) {
      if (kind === "next") last(lines).push({ space: "", words: "↵", kind });
      else open();
      continue;
    }
    const [space, words] = [length === 0 ? "" : close, token === LAST ? "∎" : token];
    last(lines).push({ space, words, kind });
    length += space.length + words.length;
  }
  return lines;
}

/** @type {(result: Result, data: Data, width: number) => string} */
function verse(result, { tokens, prompt, separator }, width) {
  /** @type {(kind: Kind, tokens: string[]) => Part[]} */
  const all = (kind, tokens) => tokens.map((token) => ({ token, kind }));
  const parts = [
    ...all("prompt", prompt),
    ...all(
      "text",
      result.text.map((i) => tokens[i]),
    ),
    ...all("next", result.waiting ? [] : [tokens[result.drawn]]),
  ];
  const lines = linesOf(parts, separator, Math.floor((width - 20) / LETTER));
  const kept = lines.slice(-N_LINES);
  return [
    rect(1, 1, width - 2, N_LINES * TEXT_LINE + 14, { rx: 4, fill: "none", stroke: LINE }),
    ...kept.map((line, row) =>
      tag(
        "text",
        { x: 10, y: 22 + row * TEXT_LINE, "font-size": 14, style: "white-space: pre" },
        ...line.map(
          ({ space, words, kind }) => space + tag("tspan", LOOKS[kind], escapeText(words)),
        ),
      ),
    ),
  ].join("");
}

// ---------------------------------------------------------------- the picture: the probabilities

const TOP = N_LINES * TEXT_LINE + 44;
const ROW = 22;
const LEFT = 118;
const LONGEST_NAME = 15; // letters
const RULER = TOP + (N_BARS + 1) * ROW + 22;
const HEIGHT = RULER + 58;

/**
 * The bar of a token: filled to its changed probability, outlined to that of the model.
 *
 * @param {number} row
 * @param {string} name
 * @param {number} plain
 * @param {number} changed
 * @param {boolean} isDrawn
 * @param {Scale} x
 */
function bar(row, name, plain, changed, isDrawn, x) {
  const y = TOP + row * ROW;
  const percent = 100 * changed;
  const label = percent >= 99.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1);
  const fill = isDrawn ? VERMILLION : INK;
  const shade = { fill: isDrawn ? VERMILLION : BLUE, "fill-opacity": 0.75 };
  return (
    rect(LEFT, y + 3, x(changed) - LEFT, ROW - 7, shade) +
    rect(LEFT, y + 3, x(plain) - LEFT, ROW - 7, { fill: "none", stroke: INK }) +
    text(LEFT - 8, y + 16, name, { ...END, fill, "font-weight": isDrawn ? 700 : undefined }) +
    text(x(Math.max(plain, changed)) + 6, y + 16, `${label} %`, { fill, "font-size": 12 })
  );
}

/**
 * One line from 0 to 1, cut at the running sum: where the number falls, that token is drawn.
 *
 * @type {(next: Next, width: number, right: number) => string}
 */
function ruler({ shown, changed, changed_rest, number, drawn }, width, right) {
  const x = scale(0, 1, 10, right);
  let from = 0;
  const parts = [...changed, changed_rest].map((p, row) => {
    const [start, end] = [from, Math.min(1, from + p)];
    from = end;
    const isDrawn = row < shown.length ? shown[row] === drawn : !shown.includes(drawn);
    const fill = isDrawn ? VERMILLION : row < shown.length ? TINT : "none";
    const look = { fill, stroke: SOFT, "stroke-width": 0.7 };
    return rect(x(start), RULER, Math.max(0, x(end) - x(start)), 16, look);
  });
  const mark = x(number);
  const arrow = `M${mark.toFixed(1)} ${RULER + 18}l-5 9h10Z`;
  const anchor = number < 0.15 ? "start" : number > 0.85 ? "end" : "middle";
  const says = `the number ${formatNumber(number)}`;
  return [
    ...parts,
    tag("path", { d: arrow, fill: INK }),
    text(clip(mark, 4, width - 4), RULER + 43, says, { "text-anchor": anchor, fill: INK }),
  ].join("");
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  if (result.waiting) return { height: HEIGHT, svg: verse(result, data, width) };
  const right = width - 62;
  const x = scale(0, 1, LEFT, right);
  const drawnRow = result.shown.indexOf(result.drawn);
  const rows = result.shown.map((i, row) =>
    bar(
      row,
      shortened(NAMES.get(data.tokens[i]) ?? data.tokens[i], LONGEST_NAME),
      result.plain[row],
      result.changed[row],
      row === drawnRow,
      x,
    ),
  );
  const temperature = formatStep(values.temperature, 0.1);
  const settings = `the next token at temperature ${temperature}, top k ${values.top_k}`;
  const title =
    width < 480
      ? `T = ${temperature}, top k: ${values.top_k}`
      : `${settings}; outlined: the model's own`;
  return {
    height: HEIGHT,
    svg: [
      verse(result, data, width),
      text(10, TOP - 10, title, { fill: SOFT }),
      ...rows,
      bar(
        result.shown.length,
        "all others",
        result.plain_rest,
        result.changed_rest,
        drawnRow < 0,
        x,
      ),
      ruler(result, width, width - 10),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
