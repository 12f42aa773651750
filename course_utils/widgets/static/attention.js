/* Where the network looks. See attention.py: the same numbers, sentence and picture.
 * The answers come from the kernel; until one does, the text stands there alone. */

// ---------------------------------------------------------------- the numbers

export function compute({ example, typed, step, width }, data) {
  const text = example === data.own ? typed : example;
  const { written = [], weights = [], beams = [] } = (text && data.answers[`${width} ${text}`]) || {};
  return {
    read: [...text].map((each) => (each === " " ? data.space : each)),
    written,
    step: Math.min(step, written.length),
    weights,
    beams,
  };
}

/** Place of the largest weight; of equal ones the first. */
const largest = (row) => row.indexOf(Math.max(...row));

// ---------------------------------------------------------------- what they say

export function sentence(values, { read, written, step, weights, beams }) {
  if (!read.length) return "Type a text of 1 character or more.";
  if (!written.length) return `The kernel reads ${read.length} character${read.length === 1 ? "" : "s"}.`;
  const row = weights[step - 1];
  const place = largest(row);
  const [best, logP] = beams[0];
  return `To write “${written[step - 1]}”, ${step} of ${written.length}, the network looks most at ` +
    `“${read[place]}”, character ${place + 1} (weight ${formatNumber(row[place])}), and the ` +
    `best of ${beams.length} answer${beams.length === 1 ? "" : "s"} is “${best}” with ` +
    `ln p = ${formatNumber(logP)}.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 44;
const TOP = 44;
const ROW = 17;
const BARS = 74;
const WEIGHT = "var(--unrolled-blue)";
const CHOSEN = "var(--unrolled-vermillion)";

export function draw(values, { read, written, step, weights, beams }, width) {
  const cell = Math.min(30, (width - LEFT - 8) / Math.max(read.length, 1));
  const right = LEFT + cell * read.length;
  const bottom = TOP + ROW * written.length;
  const base = bottom + 20 + BARS;
  const size = Math.max(9, Math.min(13, cell));
  const place = (j) => LEFT + cell * (j + 0.5);
  const row = weights[step - 1] ?? [];
  const letters = (y) => read.map((each, j) =>
    text(place(j), y, each, { "text-anchor": "middle", "font-size": size, fill: INK }));
  return {
    height: base + 34 + 18 * Math.max(beams.length, 1),
    svg: [
      text(LEFT, 16, "read, from left to right; written, from top to bottom", { fill: SOFT, "font-size": 12 }),
      ...letters(TOP - 8),
      ...written.flatMap((each, i) => [
        text(LEFT - 6, TOP + ROW * (i + 0.5) + 4, each, {
          "text-anchor": "end", "font-size": 12,
          fill: i === step - 1 ? CHOSEN : INK, "font-weight": i === step - 1 ? 700 : 400,
        }),
        ...weights[i].map((weight, j) => tag("rect", {
          x: LEFT + cell * j, y: TOP + ROW * i, width: cell - 1, height: ROW - 1,
          fill: WEIGHT, "fill-opacity": 0.03 + 0.97 * weight,
        })),
      ]),
      written.length === 0 ? "" : tag("rect", {
        x: LEFT - 1, y: TOP + ROW * (step - 1) - 1, width: right - LEFT + 1, height: ROW + 1,
        fill: "none", stroke: CHOSEN, "stroke-width": 2,
      }),
      // The weights of the chosen step, as bars.
      ...[0, 0.5, 1].flatMap((value) => {
        const y = base - BARS * value;
        return [
          tag("line", { x1: LEFT, x2: Math.max(right, LEFT + 40), y1: y, y2: y, stroke: LINE }),
          text(LEFT - 6, y + 4, value, { "text-anchor": "end", fill: SOFT, "font-size": 11 }),
        ];
      }),
      ...row.map((weight, j) => tag("rect", {
        x: LEFT + cell * (j + 0.12), y: base - BARS * weight, width: cell * 0.76,
        height: Math.max(1, BARS * weight), fill: WEIGHT,
      })),
      ...letters(base + 15),
      ...beams.map(([answer, logP], k) => text(
        LEFT, base + 38 + 18 * k, `${k + 1}.  ${answer}   ln p = ${formatNumber(logP)}`,
        { "font-size": 12.5, fill: k === 0 ? INK : SOFT, "font-weight": k === 0 ? 600 : 400 })),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
