/* Forecasts from one origin beside the truth, and below them the error of each step ahead. */

const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

export function compute({ horizon, origin }, { series, forecasts, first, first_time, scale: unit }) {
  const row = origin - first_time - first + 1;
  const at = first + row;
  const errors = mapped(forecasts, (rows) => rows.map((each, i) =>
    each.map((value, k) => Math.abs(value - series[first + i + k]) / unit)));
  const upTo = (each) => each.slice(0, horizon);
  return {
    times: Array.from({ length: horizon }, (_, k) => first_time + at + k),
    truth: series.slice(at, at + horizon),
    forecasts: mapped(forecasts, (rows) => upTo(rows[row])),
    so_far: mapped(errors, (rows) => mean(upTo(rows[row]))),
    overall: mapped(errors, (rows) => mean(rows.flatMap(upTo))),
    by_step: mapped(errors, (rows) => rows[0].map((_, k) => mean(rows.map((each) => each[k])))),
  };
}

// ---------------------------------------------------------------- what they say

const counted = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;
const listed = (parts) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];

export function sentence({ horizon, origin }, { so_far, overall }, { forecasts, time_unit }) {
  const errors = listed(Object.entries(so_far).map(([name, error]) => `${name} ${formatNumber(error)}`));
  const all = listed(Object.values(overall).map(formatNumber));
  return `Up to ${counted(horizon, time_unit)} after ${origin} the error is, in ` +
    `units of the naive forecast's: ${errors}; over all ${Object.values(forecasts)[0].length} origins ${all}.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 58;
const ABOVE = { top: 84, bottom: 280 };
const BELOW = { top: 348, bottom: 478 };
const HEIGHT = 522;
const STYLES = [
  { stroke: "var(--unrolled-vermillion)" },
  { stroke: "var(--unrolled-blue)", "stroke-dasharray": "7 4" },
  { stroke: "var(--unrolled-green)", "stroke-dasharray": "2 4" },
  { stroke: SOFT, "stroke-dasharray": "8 3 2 3" },
];

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const drawn = (points, style) => tag("path", { d: path(points), fill: "none", "stroke-width": 2, ...style });

/** Names of the lines, two or three to a row, each behind a piece of its line, with its error. */
function legend({ so_far }, width) {
  const rows = [["truth", { stroke: INK }, ""],
    ...Object.entries(so_far).map(([name, error], i) => [name, STYLES[i], ` ${formatNumber(error)}`])];
  const columns = width < 480 ? 2 : 3;
  return rows.map(([name, style, error], i) => {
    const x = 4 + (i % columns) * ((width - 8) / columns);
    const y = 10 + 18 * Math.floor(i / columns);
    return tag("path", { d: `M${x} ${y}h24`, fill: "none", "stroke-width": 2, ...style }) +
      text(x + 30, y + 4, `${name}${error}`, { fill: style.stroke, "font-size": 12 });
  });
}

function valueAxis([low, high], y, right, count) {
  return ticks(low, high, count).map((mark) =>
    tag("line", { x1: LEFT, x2: right, y1: y(mark), y2: y(mark), stroke: mark === 0 ? SOFT : LINE }) +
    text(LEFT - 8, y(mark) + 4, formatNumber(Number(mark.toPrecision(6))), { "text-anchor": "end", fill: SOFT }));
}

function timeAxis(low, high, x, bottom, label) {
  const marks = ticks(low, high, 6).filter(Number.isInteger);
  return [
    ...marks.map((mark) =>
      tag("line", { x1: x(mark), x2: x(mark), y1: bottom, y2: bottom + 5, stroke: SOFT }) +
      text(x(mark), bottom + 18, mark, { "text-anchor": "middle", fill: SOFT })),
    text((x(low) + x(high)) / 2, bottom + 36, label, { "text-anchor": "middle", fill: INK }),
  ];
}

function limits(numbers) {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = 0.06 * (high - low) || 1;
  return [low >= 0 && low < 0.3 * high ? 0 : low - room, high + room];
}

/** One origin: what was known, what came, and what each forecaster said. */
function panelAbove({ origin }, { times, truth, forecasts }, right, data) {
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
  const from = (values) => [[x(origin), y(known.at(-1))], ...values.map((value, k) => [x(times[k]), y(value)])];
  return [
    ...valueAxis(ends, y, right, 4),
    ...timeAxis(low, high, x, ABOVE.bottom, time_unit),
    text(LEFT, ABOVE.top - 8, value_label, { fill: INK }),
    tag("line", { x1: x(origin), x2: x(origin), y1: ABOVE.top, y2: ABOVE.bottom, stroke: SOFT }),
    drawn(known.map((value, i) => [x(low + i), y(value)]), { stroke: SOFT }),
    drawn(from(truth), { stroke: INK }),
    ...from(truth).map(([cx, cy]) => tag("circle", { cx, cy, r: 2.6, fill: INK })),
    ...Object.values(forecasts).map((values, i) => drawn(from(values), STYLES[i])),
  ];
}

/** All origins: the error of each step ahead, and where the horizon stands. */
function panelBelow({ horizon }, { by_step }, right, { time_unit }) {
  const all = Object.values(by_step);
  const steps = all[0].length;
  const top = 1.08 * Math.max(...all.flat(), 1);
  const x = scale(1, steps, LEFT + 4, right - 4);
  const y = scale(0, top, BELOW.bottom, BELOW.top);
  return [
    ...valueAxis([0, top], y, right, 3),
    ...timeAxis(1, steps, x, BELOW.bottom, `${time_unit}s ahead`),
    text(LEFT, BELOW.top - 8, "error of each step, all origins (MASE)", { fill: INK }),
    tag("line", { x1: x(horizon), x2: x(horizon), y1: BELOW.top, y2: BELOW.bottom, stroke: INK }),
    ...all.map((errors, i) => drawn(errors.map((error, k) => [x(k + 1), y(error)]), STYLES[i])),
    ...all.map((errors, i) =>
      tag("circle", { cx: x(horizon), cy: y(errors[horizon - 1]), r: 3.5, fill: STYLES[i].stroke })),
  ];
}

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
