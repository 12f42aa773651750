/* The ward. See ward.py: the same numbers, sentence and picture. */

// ---------------------------------------------------------------- the numbers

const chartOf = (who, { charts }) => charts.find(({ name }) => name === who);

export function compute({ who, seed, place }, data) {
  const { patient, healthy, signs } = chartOf(who, data).runs[seed];
  const here = [patient[place - 1], healthy[place - 1]];
  return { patient, healthy, here, apart: Math.abs(here[0] - here[1]), signs };
}

// ---------------------------------------------------------------- what they say

export function sentence({ who, place }, { here, signs }, data) {
  const amounts = Object.values(signs);
  const broken = amounts.filter((amount) => amount > 0).length;
  return `${chartOf(who, data).y_label} at ${place}: ${formatNumber(here[0])}, in a ` +
    `healthy program ${formatNumber(here[1])}; ${broken} of ` +
    `${amounts.length} properties ${broken === 1 ? "is" : "are"} broken.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 58;
const TOP = 80;
const BOTTOM = 274;
const SIGNS = 342;
const ROW = 21;
const HEIGHT = SIGNS + 5 * ROW;
const PATIENT = "var(--unrolled-vermillion)";
const HEALTHY = "var(--unrolled-blue)";

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

function limits(numbers) {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = 0.06 * (high - low) || 1;
  return [low >= 0 && low < 0.3 * high ? 0 : low - room, high + room];
}

function axes([low, high], x, y, right, count, { x_label, y_label }) {
  return [
    ...ticks(low, high, 4).map((mark) =>
      tag("line", { x1: LEFT, x2: right, y1: y(mark), y2: y(mark), stroke: mark === 0 ? SOFT : LINE }) +
      text(LEFT - 8, y(mark) + 4, formatNumber(Number(mark.toPrecision(6))), { "text-anchor": "end", fill: SOFT })),
    ...[1, 5, 10, 15, 20].filter((mark) => mark <= count).map((mark) =>
      tag("line", { x1: x(mark), x2: x(mark), y1: BOTTOM, y2: BOTTOM + 5, stroke: SOFT }) +
      text(x(mark), BOTTOM + 19, mark, { "text-anchor": "middle", fill: SOFT })),
    text(x((count + 1) / 2), BOTTOM + 38, x_label, { "text-anchor": "middle", fill: INK, "font-size": 13 }),
    text(4, TOP - 12, y_label, { fill: INK, "font-size": 13 }),
  ];
}

function legend({ here }, { does }) {
  const rows = [[PATIENT, `patient ${formatNumber(here[0])}`, {}],
    [HEALTHY, `healthy ${formatNumber(here[1])}`, { "stroke-dasharray": "7 4" }]];
  return text(4, 16, `A program that ${does}`, { fill: INK, "font-size": 14 }) +
    rows.map(([colour, name, dashes], i) =>
      tag("path", { d: `M${4 + 150 * i} 36h24`, stroke: colour, "stroke-width": 2, fill: "none", ...dashes }) +
      text(34 + 150 * i, 40, name, { fill: colour, "font-size": 13 })).join("");
}

const signRow = ([name, amount], i) =>
  text(4, SIGNS + ROW * i, amount > 0 ? `✗ ${name}: off by ${formatNumber(amount)}` : `✓ ${name}`,
    { fill: amount > 0 ? PATIENT : SOFT, "font-size": 13, "font-weight": amount > 0 ? 600 : 400 });

export function draw({ who, place }, result, width, data) {
  const { patient, healthy, here, signs } = result;
  const right = width - 12;
  const range = limits([...patient, ...healthy]);
  const x = scale(1, patient.length, LEFT + 6, right - 6);
  const y = scale(...range, BOTTOM, TOP);
  const line = (values) => path(values.map((value, i) => [x(i + 1), y(value)]));
  return {
    height: HEIGHT,
    svg: [
      legend(result, chartOf(who, data)),
      ...axes(range, x, y, right, patient.length, chartOf(who, data)),
      tag("line", { x1: x(place), x2: x(place), y1: TOP, y2: BOTTOM, stroke: INK, "stroke-dasharray": "3 3" }),
      tag("path", { d: line(healthy), fill: "none", stroke: HEALTHY, "stroke-width": 2, "stroke-dasharray": "7 4" }),
      tag("path", { d: line(patient), fill: "none", stroke: PATIENT, "stroke-width": 2 }),
      ...patient.map((value, i) => tag("circle", { cx: x(i + 1), cy: y(value), r: 2.6, fill: PATIENT })),
      ...here.map((value, i) =>
        tag("circle", { cx: x(place), cy: y(value), r: 6, fill: "none", stroke: i ? HEALTHY : PATIENT, "stroke-width": 1.5 })),
      ...Object.entries(signs).map(signRow),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
