/* Where the network looks. See attention.py: the same numbers, sentence and picture.
 * The answers come from the kernel; until one does, the text stands there alone. */

/** @typedef {{ example: string, typed?: string, step: number, width: number }} Values */
/** @typedef {[text: string, logP: number]} Beam */
/** @typedef {{ written: string[], weights: number[][], beams: Beam[] }} Answer */
/** @typedef {{ own: string, space: string, answers: Record<string, Answer> }} Data */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @type {Answer} */
const NONE = { written: [], weights: [], beams: [] };

/** @param {Values} values @param {Data} data */
export function compute({ example, typed = "", step, width }, data) {
  const read = example === data.own ? typed : example;
  const answer = (read && data.answers[`${width} ${read}`]) || NONE;
  return {
    read: [...read].map((each) => (each === " " ? data.space : each)),
    ...answer,
    step: Math.min(step, answer.written.length),
  };
}

/** Place of the largest weight; of equal ones the first. @param {number[]} row */
const largest = (row) => row.indexOf(Math.max(...row));

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result) => string} */
export function sentence(_values, { read, written, step, weights, beams }) {
  if (!read.length) return "Type a text of 1 character or more.";
  if (!written.length) return `The kernel reads ${counted(read.length, "character")}.`;
  const row = weights[step - 1];
  const place = largest(row);
  const [best, logP] = beams[0];
  return (
    `To write “${written[step - 1]}”, ${step} of ${written.length}, the network looks most at ` +
    `“${read[place]}”, character ${place + 1} (weight ${formatNumber(row[place])}), and the ` +
    `best of ${counted(beams.length, "answer")} is “${best}” with ln p = ${formatNumber(logP)}.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 44;
const TOP = 44;
const ROW = 17;
const BARS = 74;

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(_values, { read, written, step, weights, beams }, width) {
  const cell = Math.min(30, (width - LEFT - 8) / Math.max(read.length, 1));
  const right = LEFT + cell * read.length;
  const bottom = TOP + ROW * written.length;
  const base = bottom + 20 + BARS;
  const size = clip(cell, 9, 13);
  /** @param {number} value */
  const y = (value) => base - BARS * value;
  const row = weights[step - 1] ?? [];
  /** @param {number} line */
  const letters = (line) =>
    read.map((each, j) =>
      text(LEFT + cell * (j + 0.5), line, each, {
        ...MIDDLE,
        "font-size": size,
        fill: INK,
      }),
    );
  return {
    height: base + 34 + 18 * Math.max(beams.length, 1),
    svg: [
      text(LEFT, 16, "read, from left to right; written, from top to bottom", {
        fill: SOFT,
        "font-size": 12,
      }),
      ...letters(TOP - 8),
      ...written.flatMap((each, i) => [
        text(LEFT - 6, TOP + ROW * (i + 0.5) + 4, each, {
          ...END,
          "font-size": 12,
          fill: i === step - 1 ? VERMILLION : INK,
          "font-weight": i === step - 1 ? 700 : 400,
        }),
        ...weights[i].map((weight, j) =>
          rect(LEFT + cell * j, TOP + ROW * i, cell - 1, ROW - 1, {
            fill: BLUE,
            "fill-opacity": 0.03 + 0.97 * weight,
          }),
        ),
      ]),
      written.length === 0
        ? ""
        : rect(LEFT - 1, TOP + ROW * (step - 1) - 1, right - LEFT + 1, ROW + 1, {
            fill: "none",
            stroke: VERMILLION,
            "stroke-width": 2,
          }),
      // The weights of the chosen step, as bars.
      valueAxis(
        [0, 0.5, 1],
        y,
        LEFT,
        Math.max(right, LEFT + 40),
        { strong: null, gap: 6 },
        { "font-size": 11 },
      ),
      ...row.map((weight, j) =>
        rect(LEFT + cell * (j + 0.12), y(weight), cell * 0.76, Math.max(1, BARS * weight), {
          fill: BLUE,
        }),
      ),
      ...letters(base + 15),
      ...beams.map(([answer, logP], k) =>
        text(LEFT, base + 38 + 18 * k, `${k + 1}.  ${answer}   ln p = ${formatNumber(logP)}`, {
          "font-size": 12.5,
          fill: k === 0 ? INK : SOFT,
          "font-weight": k === 0 ? 600 : 400,
        }),
      ),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
