/* The ward. See ward.py: the same numbers, sentence and picture. */

/** @typedef {{ who: string, seed: number, place: number }} Values */
/** @typedef {{ patient: number[], healthy: number[], signs: Record<string, number> }} Run */
/** @typedef {{ x_label: string, y_label: string }} Labels */
/** @typedef {Labels & { name: string, does: string, runs: Run[] }} Chart */
/** @typedef {{ charts: Chart[] }} Data */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @type {(who: string, data: Data) => Chart} */
const chartOf = (who, { charts }) => /** @type {Chart} */ (charts.find(({ name }) => name === who));

/** @param {Values} values @param {Data} data */
export function compute({ who, seed, place }, data) {
  const { patient, healthy, signs } = chartOf(who, data).runs[seed];
  const here = [patient[place - 1], healthy[place - 1]];
  return { patient, healthy, here, apart: Math.abs(here[0] - here[1]), signs };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence({ who, place }, { here, signs }, data) {
  const amounts = Object.values(signs);
  const broken = amounts.filter((amount) => amount > 0).length;
  return (
    `${chartOf(who, data).y_label} at ${place}: ${formatNumber(here[0])}, in a ` +
    `healthy program ${formatNumber(here[1])}; ${broken} of ` +
    `${amounts.length} properties ${broken === 1 ? "is" : "are"} broken.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 58;
const TOP = 80;
const BOTTOM = 274;
const SIGNS = 342;
const ROW = 21;
const HEIGHT = SIGNS + 5 * ROW;
const PATIENT = { stroke: VERMILLION };
const HEALTHY = { stroke: BLUE, "stroke-dasharray": "7 4" };

/**
 * @param {number[]} marks
 * @param {Scale} x
 * @param {Scale} y
 * @param {number} right
 * @param {number} count
 * @param {Labels} labels
 */
function axes(marks, x, y, right, count, { x_label, y_label }) {
  return [
    valueAxis(marks, y, LEFT, right),
    stepAxis(
      [1, 5, 10, 15, 20].filter((mark) => mark <= count),
      x,
      BOTTOM,
    ),
    text(x((count + 1) / 2), BOTTOM + 38, x_label, {
      ...MIDDLE,
      fill: INK,
      "font-size": 13,
    }),
    text(4, TOP - 12, y_label, { fill: INK, "font-size": 13 }),
  ];
}

/** @param {Result} result @param {Chart} chart */
function legend({ here: [patient, healthy] }, { does }) {
  const size = { "font-size": 13 };
  return [
    text(4, 16, `A program that ${does}`, { fill: INK, "font-size": 14 }),
    legendEntry(4, 40, `patient ${formatNumber(patient)}`, PATIENT, { fill: VERMILLION, ...size }),
    legendEntry(154, 40, `healthy ${formatNumber(healthy)}`, HEALTHY, { fill: BLUE, ...size }),
  ];
}

/** @type {(sign: [name: string, amount: number], i: number) => string} */
const signRow = ([name, amount], i) =>
  text(4, SIGNS + ROW * i, amount > 0 ? `✗ ${name}: off by ${formatNumber(amount)}` : `✓ ${name}`, {
    fill: amount > 0 ? VERMILLION : SOFT,
    "font-size": 13,
    "font-weight": amount > 0 ? 600 : 400,
  });

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw({ who, place }, result, width, data) {
  const { patient, healthy, here, signs } = result;
  const right = width - 12;
  const ends = limits([...patient, ...healthy]);
  const x = scale(1, patient.length, LEFT + 6, right - 6);
  const y = scale(...ends, BOTTOM, TOP);
  /** @type {(values: number[]) => Point[]} */
  const points = (values) => values.map((value, i) => [x(i + 1), y(value)]);
  return {
    height: HEIGHT,
    svg: [
      ...legend(result, chartOf(who, data)),
      ...axes(ticks(...ends, 4), x, y, right, patient.length, chartOf(who, data)),
      segment(x(place), TOP, x(place), BOTTOM, { stroke: INK, "stroke-dasharray": "3 3" }),
      curve(points(healthy), HEALTHY),
      curve(points(patient), PATIENT),
      ...patient.map((value, i) => circle(x(i + 1), y(value), 2.6, { fill: VERMILLION })),
      ...here.map((value, i) =>
        circle(x(place), y(value), 6, {
          fill: "none",
          stroke: i ? BLUE : VERMILLION,
          "stroke-width": 1.5,
        }),
      ),
      ...Object.entries(signs).map(signRow),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
