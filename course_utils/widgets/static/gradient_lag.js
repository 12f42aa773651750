/* A gradient on its way back through 50 steps. Same numbers as gradient_lag.py. */

const N_LAGS = 50;
const SMALL = 0.01;
const LARGE = 100;
const DECADES = 30;
const LAGS = Array.from({ length: N_LAGS + 1 }, (_, k) => k);

// ---------------------------------------------------------------- the numbers

const ACTIVATIONS = {
  tanh: { squash: Math.tanh, slope: (h) => 1 - h * h },
  linear: { squash: Number, slope: () => 1 },
  relu: { squash: (total) => Math.max(0, total), slope: (h) => Number(h > 0) },
};

/** States of all steps; the recurrent matrix is W_hh, rows are states. */
function run(W_hh, x, scale, squash) {
  const units = W_hh.map((_, u) => u);
  let h = units.map(() => 0);
  return x.map((x_t) => {
    const before = h;
    h = units.map((u) => squash(
      before.reduce((total, h_v, v) => total + h_v * W_hh[v][u], scale * x_t[u])));
    return h;
  });
}

/** One step back: each row d becomes (d * slope) W_hh^T. */
function back(rows, slopes, W_hh) {
  return rows.map((row) => {
    const d = row.map((each, u) => each * slopes[u]);
    return W_hh.map((weights) => weights.reduce((total, weight, u) => total + d[u] * weight, 0));
  });
}

/** Root mean square over all directions in which the gradient may start. */
const size = (rows) =>
  Math.sqrt(rows.reduce((total, row) => total + row.reduce((sum, d) => sum + d * d, 0), 0) / rows.length);

const orNull = (k) => (k === -1 ? null : k);

export function compute(values, { starts }) {
  const { matrix, sigma: unscaled, x } = starts[values.start];
  const W_hh = matrix.map((row) => row.map((weight) => values.radius * weight));
  const { squash, slope } = ACTIVATIONS[values.activation];
  const h = run(W_hh, x, values.scale, squash);
  let rows = matrix.map((row, i) => row.map((_, j) => Number(i === j)));
  const gradient = [size(rows)];
  for (let t = N_LAGS; t > 0; t -= 1) {
    rows = back(rows, h[t].map(slope), W_hh);
    gradient.push(size(rows));
  }
  const sigma = values.radius * unscaled;
  return {
    gradient,
    radius: LAGS.map((k) => values.radius ** k),
    bound: LAGS.map((k) => sigma ** k),
    sigma,
    vanished: orNull(gradient.findIndex((each) => each < SMALL)),
    exploded: orNull(gradient.findIndex((each) => each > LARGE)),
    open: gradient.findLastIndex((each) => each > 0),
  };
}

// ---------------------------------------------------------------- what they say

function fate({ gradient, vanished, exploded, open }) {
  if (open < N_LAGS && vanished !== null) {
    return `The gradient falls below 1 % at lag ${vanished} and is exactly 0 from lag ${open + 1} on`;
  }
  if (vanished !== null && exploded !== null) {
    const low = `falls below 1 % at lag ${vanished}`;
    const high = `rises above 100 times at lag ${exploded}`;
    return `The gradient ${(vanished < exploded ? [low, high] : [high, low]).join(" and ")}`;
  }
  const left = `and is ${formatNumber(gradient.at(-1))} times its size at lag ${N_LAGS}`;
  if (vanished !== null) return `The gradient falls below 1 % at lag ${vanished} ${left}`;
  if (exploded !== null) return `The gradient rises above 100 times at lag ${exploded} ${left}`;
  return `The gradient stays between 1 % and 100 times its size ${left}`;
}

export function sentence({ radius }, result) {
  return `${fate(result)}; the spectral radius is ${formatNumber(radius)}, ` +
    `the largest singular value ${formatNumber(result.sigma)}.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 62;
const TOP = 66;
const BOTTOM = 330;
const HEIGHT = 378;
const GRADIENT = "var(--unrolled-blue)";
const RADIUS = "var(--unrolled-green)";
const BOUND = "var(--unrolled-vermillion)";

/** Logarithm to base ten, held within the axis; that of 0 is the axis's end. */
const decade = (value) => Math.max(-DECADES, Math.min(DECADES, value > 0 ? Math.log10(value) : -DECADES));

/** Powers of ten at the ends of the axis: all that is drawn, at least 1e-3 to 1e3. */
function decades({ gradient, radius, bound }) {
  const drawn = [...gradient, ...radius, ...bound].filter((value) => value > 0).map(decade);
  return [Math.min(-3, Math.floor(Math.min(...drawn))), Math.max(3, Math.ceil(Math.max(...drawn)))];
}

const superscript = (power) =>
  [...String(power)].map((each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)]).join("");
const powerOfTen = (power) => ({ "-1": "0.1", 0: "1", 1: "10" })[power] ?? `10${superscript(power)}`;

function axes(x, y, low, high, right) {
  // Whole powers of ten only, zero among them.
  const step = [1, 2, 5, 10].find((each) => (high - low) / each <= 8);
  const first = Math.ceil(low / step);
  const powers = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  return [
    ...powers.map((power) =>
      tag("line", { x1: LEFT, x2: right, y1: y(power), y2: y(power), stroke: power === 0 ? SOFT : LINE }) +
      text(LEFT - 8, y(power) + 4, powerOfTen(power), { "text-anchor": "end", fill: SOFT })),
    ...LAGS.filter((k) => k % 10 === 0).map((k) =>
      tag("line", { x1: x(k), x2: x(k), y1: BOTTOM, y2: BOTTOM + 5, stroke: SOFT }) +
      text(x(k), BOTTOM + 19, k, { "text-anchor": "middle", fill: SOFT })),
    text((x(0) + x(N_LAGS)) / 2, HEIGHT - 8, "lag k (steps back)", { "text-anchor": "middle", fill: INK }),
  ];
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Names of the lines, one below the other, each behind a piece of its line. */
function legend() {
  const rows = [
    [GRADIENT, "gradient (last step = 1)", {}],
    [BOUND, "bound: (largest singular value)ᵏ", { "stroke-dasharray": "7 4" }],
    [RADIUS, "(spectral radius)ᵏ", { "stroke-dasharray": "2 4" }],
  ];
  return rows.map(([colour, name, dashes], i) =>
    tag("path", { d: `M4 ${10 + 18 * i}h26`, stroke: colour, "stroke-width": 2, fill: "none", ...dashes }) +
    text(36, 14 + 18 * i, name, { fill: colour, "font-size": 12 }));
}

/** The lag at which the gradient leaves the band, marked. */
function mark(k, gradient, x, y) {
  if (k === null) return "";
  return tag("line", { x1: x(k), x2: x(k), y1: TOP, y2: BOTTOM, stroke: INK, "stroke-dasharray": "3 3" }) +
    tag("circle", { cx: x(k), cy: y(decade(gradient[k])), r: 5.5, fill: "none", stroke: INK, "stroke-width": 1.5 });
}

export function draw(values, result, width) {
  const right = width - 12;
  const [low, high] = decades(result);
  const x = scale(0, N_LAGS, LEFT + 6, right - 6);
  const height = scale(low, high, BOTTOM, TOP);
  const y = (power) => height(Math.max(low, power)); // a gradient of 0 stays on the axis
  const line = (series) => path(series.map((value, k) => [x(k), y(decade(value))]));
  const stroke = (colour, more = {}) => ({ fill: "none", stroke: colour, "stroke-width": 2, ...more });
  const band = { x: LEFT, width: right - LEFT, y: y(2), height: y(-2) - y(2), fill: "var(--unrolled-tint)" };
  return {
    height: HEIGHT,
    svg: [
      ...legend(),
      tag("rect", band),
      ...axes(x, y, low, high, right),
      mark(result.vanished, result.gradient, x, y),
      mark(result.exploded, result.gradient, x, y),
      tag("path", { d: line(result.bound), ...stroke(BOUND, { "stroke-dasharray": "7 4" }) }),
      tag("path", { d: line(result.radius), ...stroke(RADIUS, { "stroke-dasharray": "2 4" }) }),
      tag("path", { d: line(result.gradient), ...stroke(GRADIENT) }),
      ...result.gradient.map((value, k) =>
        tag("circle", { cx: x(k), cy: y(decade(value)), r: width < 480 ? 1.8 : 2.6, fill: GRADIENT })),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
