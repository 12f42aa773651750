/* A gradient on its way back through 50 steps. Same numbers as gradient_lag.py. */

const N_LAGS = 50;
const SMALL = 0.01;
const LARGE = 100;
const DECADES = 30;
const LAGS = range(N_LAGS + 1);

/** @typedef {{ start: string, radius: number, activation: string, scale: number }} Values */
/** @typedef {{ matrix: number[][], sigma: number, x: number[][] }} Start */
/** @typedef {{ starts: Record<string, Start> }} Data */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @type {Record<string, { squash: (total: number) => number, slope: (h: number) => number }>} */
const ACTIVATIONS = {
  tanh: { squash: Math.tanh, slope: (h) => 1 - h * h },
  linear: { squash: Number, slope: () => 1 },
  relu: { squash: (total) => Math.max(0, total), slope: (h) => Number(h > 0) },
};

/**
 * States of all steps; the recurrent matrix is W_hh, rows are states.
 *
 * @param {number[][]} W_hh
 * @param {number[][]} x
 * @param {number} size  of the input
 * @param {(total: number) => number} squash
 */
function run(W_hh, x, size, squash) {
  const units = W_hh.map((_, u) => u);
  let h = units.map(() => 0);
  return x.map((x_t) => {
    const before = h;
    h = units.map((u) =>
      squash(before.reduce((total, h_v, v) => total + h_v * W_hh[v][u], size * x_t[u])),
    );
    return h;
  });
}

/**
 * One step back: each row d becomes (d * slope) W_hh^T.
 *
 * @type {(rows: number[][], slopes: number[], W_hh: number[][]) => number[][]}
 */
function back(rows, slopes, W_hh) {
  return rows.map((row) => {
    const d = row.map((each, u) => each * slopes[u]);
    return W_hh.map((weights) => sum(weights.map((weight, u) => d[u] * weight)));
  });
}

/**
 * Root mean square over all directions in which the gradient may start.
 *
 * @param {number[][]} rows
 */
const size = (rows) => Math.sqrt(sum(rows.map((row) => sum(row.map((d) => d * d)))) / rows.length);

/** @param {number} k */
const orNull = (k) => (k === -1 ? null : k);

/** @param {Values} values @param {Data} data */
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

/** @param {Result} result */
function fate({ gradient, vanished, exploded, open }) {
  if (open < N_LAGS && vanished !== null) {
    const closed = `is exactly 0 from lag ${open + 1} on`;
    return `The gradient falls below 1 % at lag ${vanished} and ${closed}`;
  }
  if (vanished !== null && exploded !== null) {
    const low = `falls below 1 % at lag ${vanished}`;
    const high = `rises above 100 times at lag ${exploded}`;
    return `The gradient ${(vanished < exploded ? [low, high] : [high, low]).join(" and ")}`;
  }
  const left = `and is ${formatNumber(last(gradient))} times its size at lag ${N_LAGS}`;
  if (vanished !== null) return `The gradient falls below 1 % at lag ${vanished} ${left}`;
  if (exploded !== null) return `The gradient rises above 100 times at lag ${exploded} ${left}`;
  return `The gradient stays between 1 % and 100 times its size ${left}`;
}

/** @type {(values: Values, result: Result) => string} */
export function sentence({ radius }, result) {
  return (
    `${fate(result)}; the spectral radius is ${formatNumber(radius)}, ` +
    `the largest singular value ${formatNumber(result.sigma)}.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 62;
const TOP = 66;
const BOTTOM = 330;
const HEIGHT = 378;
/** @type {Record<string, Record<string, string>>} */
const STYLES = {
  gradient: { stroke: BLUE },
  bound: { stroke: VERMILLION, "stroke-dasharray": "7 4" },
  radius: { stroke: GREEN, "stroke-dasharray": "2 4" },
};

/**
 * Logarithm to base ten, held within the axis; that of 0 is the axis's end.
 *
 * @param {number} value
 */
const decade = (value) => (value > 0 ? clip(Math.log10(value), -DECADES, DECADES) : -DECADES);

/**
 * Powers of ten at the ends of the axis: all that is drawn, at least 1e-3 to 1e3.
 *
 * @param {Result} result
 */
function decades({ gradient, radius, bound }) {
  const drawn = [...gradient, ...radius, ...bound].filter((value) => value > 0).map(decade);
  return [Math.min(-3, Math.floor(Math.min(...drawn))), Math.max(3, Math.ceil(Math.max(...drawn)))];
}

/** @param {number} power */
const powerOfTen = (power) =>
  Math.abs(power) <= 1 ? String(10 ** power) : `10${superscript(power)}`;

/** @type {(x: Scale, y: Scale, low: number, high: number, right: number) => string[]} */
function axes(x, y, low, high, right) {
  // Whole powers of ten only, zero among them.
  const step = [1, 2, 5].find((each) => (high - low) / each <= 8) ?? 10;
  const first = Math.ceil(low / step);
  const powers = range(Math.floor(high / step) - first + 1).map((i) => (first + i) * step);
  return [
    valueAxis(powers, y, LEFT, right, { label: powerOfTen }),
    stepAxis(
      LAGS.filter((k) => k % 10 === 0),
      x,
      BOTTOM,
    ),
    text((x(0) + x(N_LAGS)) / 2, HEIGHT - 8, "lag k (steps back)", {
      ...MIDDLE,
      fill: INK,
    }),
  ];
}

/** Names of the lines, one below the other. */
function legend() {
  /** @type {[name: string, style: Record<string, string>][]} */
  const rows = [
    ["gradient (last step = 1)", STYLES.gradient],
    ["bound: (largest singular value)ᵏ", STYLES.bound],
    ["(spectral radius)ᵏ", STYLES.radius],
  ];
  return rows.map(([name, style], i) =>
    legendEntry(4, 14 + 18 * i, name, style, { fill: style.stroke, "font-size": 12 }, 26),
  );
}

/**
 * The lag at which the gradient leaves the band, marked.
 *
 * @type {(k: number | null, gradient: number[], x: Scale, y: Scale) => string}
 */
function mark(k, gradient, x, y) {
  if (k === null) return "";
  return (
    segment(x(k), TOP, x(k), BOTTOM, { stroke: INK, "stroke-dasharray": "3 3" }) +
    circle(x(k), y(decade(gradient[k])), 5.5, { fill: "none", stroke: INK, "stroke-width": 1.5 })
  );
}

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw(_values, result, width) {
  const right = width - 12;
  const [low, high] = decades(result);
  const x = scale(0, N_LAGS, LEFT + 6, right - 6);
  const height = scale(low, high, BOTTOM, TOP);
  /** @param {number} power */
  const y = (power) => height(Math.max(low, power)); // a gradient of 0 stays on the axis
  /** @param {"gradient" | "bound" | "radius"} name */
  const line = (name) =>
    curve(
      result[name].map((value, k) => [x(k), y(decade(value))]),
      STYLES[name],
    );
  const shade = { x: LEFT, width: right - LEFT, y: y(2), height: y(-2) - y(2), fill: TINT };
  return {
    height: HEIGHT,
    svg: [
      ...legend(),
      tag("rect", shade),
      ...axes(x, y, low, high, right),
      mark(result.vanished, result.gradient, x, y),
      mark(result.exploded, result.gradient, x, y),
      line("bound"),
      line("radius"),
      line("gradient"),
      ...result.gradient.map((value, k) =>
        circle(x(k), y(decade(value)), width < 480 ? 1.8 : 2.6, { fill: BLUE }),
      ),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
