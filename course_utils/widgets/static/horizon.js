/* Forecasts from one origin beside the truth, and below them the error of each step ahead. */

/** @typedef {{ horizon: number, origin: number }} Values */

/**
 * @typedef {object} Data
 * @property {number[]} series
 * @property {Record<string, number[][]>} forecasts  of each forecaster, (origins, steps)
 * @property {number} first  place in the series of the first forecast's first value
 * @property {number} first_time
 * @property {string} time_unit
 * @property {string} value_label
 * @property {number} scale  error of the naive forecast
 */

/** @typedef {ReturnType<typeof compute>} Result */

/** @param {number[]} numbers */
const mean = (numbers) => sum(numbers) / numbers.length;

/** @type {<A, B>(object: Record<string, A>, change: (value: A) => B) => Record<string, B>} */
const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

/** @param {Values} values @param {Data} data */
export function compute(
  { horizon, origin },
  { series, forecasts, first, first_time, scale: unit },
) {
  const row = origin - first_time - first + 1;
  const at = first + row;
  const errors = mapped(forecasts, (rows) =>
    rows.map((each, i) => each.map((value, k) => Math.abs(value - series[first + i + k]) / unit)),
  );
  /** @param {number[]} row */
  const upTo = (row) => row.slice(0, horizon);
  return {
    times: range(horizon).map((k) => first_time + at + k),
    truth: series.slice(at, at + horizon),
    forecasts: mapped(forecasts, (rows) => upTo(rows[row])),
    so_far: mapped(errors, (rows) => mean(upTo(rows[row]))),
    overall: mapped(errors, (rows) => mean(rows.flatMap(upTo))),
    by_step: mapped(errors, (rows) => rows[0].map((_, k) => mean(rows.map((each) => each[k])))),
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence({ horizon, origin }, { so_far, overall }, { forecasts, time_unit }) {
  const errors = Object.entries(so_far).map(([name, error]) => `${name} ${formatNumber(error)}`);
  const n_origins = Object.values(forecasts)[0].length;
  const all = listed(Object.values(overall).map(formatNumber));
  return (
    `Up to ${counted(horizon, time_unit)} after ${origin} the error is, in units of the naive ` +
    `forecast's: ${listed(errors)}; over all ${n_origins} origins ${all}.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 58;
const ABOVE = { top: 84, bottom: 280 };
const BELOW = { top: 348, bottom: 478 };
const HEIGHT = 522;
/** @type {Record<string, string>[]} */
const STYLES = [
  { stroke: VERMILLION },
  { stroke: BLUE, "stroke-dasharray": "7 4" },
  { stroke: GREEN, "stroke-dasharray": "2 4" },
  { stroke: SOFT, "stroke-dasharray": "8 3 2 3" },
];

/**
 * Names of the lines, two or three to a row, each with its error.
 *
 * @param {Result} result
 * @param {number} width
 */
function legend({ so_far }, width) {
  const errors = Object.entries(so_far).map(([name, error]) => `${name} ${formatNumber(error)}`);
  const columns = width < 480 ? 2 : 3;
  return ["truth", ...errors].map((label, i) => {
    const style = i === 0 ? { stroke: INK } : STYLES[i - 1];
    const x = 4 + (i % columns) * ((width - 8) / columns);
    const y = 14 + 18 * Math.floor(i / columns);
    return legendEntry(x, y, label, style, { fill: style.stroke, "font-size": 12 });
  });
}

/** @type {(low: number, high: number, x: Scale, bottom: number, label: string) => string[]} */
function timeAxis(low, high, x, bottom, label) {
  return [
    stepAxis(ticks(low, high, 6).filter(Number.isInteger), x, bottom, 18),
    text((x(low) + x(high)) / 2, bottom + 36, label, { ...MIDDLE, fill: INK }),
  ];
}

/**
 * One origin: what was known, what came, and what each forecaster said.
 *
 * @type {(values: Values, result: Result, right: number, data: Data) => string[]}
 */
function panelAbove({ origin }, { truth, forecasts }, right, data) {
  const { series, first_time, time_unit, value_label } = data;
  const steps = Object.values(data.forecasts)[0][0].length;
  const end = origin - first_time + 1;
  const begin = Math.max(0, end - 3 * steps);
  const known = series.slice(begin, end);
  const low = first_time + begin;
  const high = origin + steps;
  // All H values set the axis, so that it stays where it is while the horizon moves.
  const row = end - data.first;
  const all = Object.values(data.forecasts).flatMap((rows) => rows[row]);
  const ends = limits([...known, ...series.slice(end, end + steps), ...all]);
  const x = scale(low, high, LEFT + 4, right - 4);
  const y = scale(...ends, ABOVE.bottom, ABOVE.top);
  /** @type {(values: number[]) => Point[]} */
  const from = (values) => [last(known), ...values].map((value, k) => [x(origin + k), y(value)]);
  return [
    valueAxis(ticks(...ends, 4), y, LEFT, right),
    ...timeAxis(low, high, x, ABOVE.bottom, time_unit),
    text(LEFT, ABOVE.top - 8, value_label, { fill: INK }),
    segment(x(origin), ABOVE.top, x(origin), ABOVE.bottom, { stroke: SOFT }),
    curve(
      known.map((value, i) => [x(low + i), y(value)]),
      { stroke: SOFT },
    ),
    curve(from(truth), { stroke: INK }),
    ...from(truth).map(([cx, cy]) => circle(cx, cy, 2.6, { fill: INK })),
    ...Object.values(forecasts).map((values, i) => curve(from(values), STYLES[i])),
  ];
}

/**
 * All origins: the error of each step ahead, and where the horizon stands.
 *
 * @type {(values: Values, result: Result, right: number, data: Data) => string[]}
 */
function panelBelow({ horizon }, { by_step }, right, { time_unit }) {
  const all = Object.values(by_step);
  const steps = all[0].length;
  const top = 1.08 * Math.max(...all.flat(), 1);
  const x = scale(1, steps, LEFT + 4, right - 4);
  const y = scale(0, top, BELOW.bottom, BELOW.top);
  return [
    valueAxis(ticks(0, top, 3), y, LEFT, right),
    ...timeAxis(1, steps, x, BELOW.bottom, `${time_unit}s ahead`),
    text(LEFT, BELOW.top - 8, "error of each step, all origins (MASE)", { fill: INK }),
    segment(x(horizon), BELOW.top, x(horizon), BELOW.bottom, { stroke: INK }),
    ...all.map((errors, i) =>
      curve(
        errors.map((error, k) => [x(k + 1), y(error)]),
        STYLES[i],
      ),
    ),
    ...all.map((errors, i) =>
      circle(x(horizon), y(errors[horizon - 1]), 3.5, { fill: STYLES[i].stroke }),
    ),
  ];
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const right = width - 12;
  return {
    height: HEIGHT,
    svg: [
      ...legend(result, width),
      ...panelAbove(values, result, right, data),
      ...panelBelow(values, result, right, data),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
