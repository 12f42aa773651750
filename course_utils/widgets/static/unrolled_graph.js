/* Paths of a gradient in an unrolled network. Same numbers as unrolled_graph.py. */

const W_X = 0.5;
const B = 0.1;
const H_0 = 0.2;
const X = [1.0, -1.0, 0.5, 0.8, -0.6, 0.3, -0.9, 1.0, -0.4, 0.7];

/** @typedef {{ n_steps: number, loss: number, k: number, w_h: number }} Values */

/**
 * What Python has computed for a network, by the step of the loss and k.
 *
 * @typedef {object} Network
 * @property {number[]} factor
 * @property {number[][]} reach
 * @property {number[][]} path
 * @property {number[][]} kept
 * @property {number[][]} cut
 */

/** @typedef {Network | { factor?: undefined }} Data  without a network, of one unit */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

/** @param {number} n_steps @param {number} w_h */
function run(n_steps, w_h) {
  const h = [H_0];
  for (const x_t of X.slice(0, n_steps)) h.push(Math.tanh(W_X * x_t + w_h * last(h) + B));
  return h;
}

/** @param {Values} values @param {Data} data */
export function compute(values, data) {
  const { n_steps, w_h } = values;
  const loss = Math.min(values.loss, n_steps);
  const k = Math.min(values.k, loss);
  if (data.factor) {
    return {
      loss,
      k,
      factor: data.factor.slice(0, n_steps),
      reach: data.reach[loss - 1].slice(0, n_steps + 1),
      path: data.path[loss - 1].slice(0, n_steps),
      kept: data.kept[loss - 1][k - 1],
      cut: data.cut[loss - 1][k - 1],
    };
  }
  const h = run(n_steps, w_h);
  const slope = h.slice(1).map((h_t) => 1 - h_t * h_t);
  const factor = slope.map((each) => w_h * each);
  const reach = h.map(() => 0);
  reach[loss] = 1;
  for (let t = loss; t > 0; t -= 1) reach[t - 1] = reach[t] * factor[t - 1];
  const path = slope.map((each, i) => reach[i + 1] * each * h[i]);
  return {
    loss,
    k,
    factor,
    reach,
    path,
    kept: sum(path.slice(loss - k, loss)),
    cut: sum(path.slice(0, loss - k)),
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence(values, { loss, k, kept, cut }, data) {
  const [weight, worth] = data.factor ? ["W_hh", "of norm"] : ["w_h", "together"];
  const start =
    `The loss at step ${loss} has ${counted(loss, "path")} to ${weight}; ` +
    `truncation at k = ${values.k}`;
  if (k === loss) {
    return `${start} keeps ${loss === 1 ? "it" : "all of them"}, ${worth} ${formatNumber(kept)}.`;
  }
  return (
    `${start} keeps ${k} (${worth} ${formatNumber(kept)}) ` +
    `and cuts off ${loss - k} (${worth} ${formatNumber(cut)}).`
  );
}

// ---------------------------------------------------------------- the picture

const LOSS_Y = 34;
const STATE_Y = 112;
const INPUT_Y = 176;
const TITLE_Y = 216;
const BARS = { top: 240, bottom: 330 };
const HEIGHT = 362;
const RADIUS = 15;
const KEPT = VERMILLION;

/** Two decimals: a label between two nodes has no room for more. @param {number} value */
const short = (value) => formatNumber(Math.round(value * 100) / 100);

/**
 * A line with an arrow's head at its end.
 *
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @param {Look & { stroke: string }} look
 */
function arrow(x1, y1, x2, y2, look) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  return (
    segment(x1, y1, x2, y2, look) +
    arrowHead(x2, y2, (x2 - x1) / length, (y2 - y1) / length, 6, look.stroke)
  );
}

/**
 * How the part of the network at step t is drawn: kept, cut off, or after the loss.
 *
 * @param {number} t
 * @param {Result} result
 */
function role(t, { loss, k }) {
  if (t > loss) return "later";
  return t > loss - k ? "kept" : "cut";
}

/** @type {(t: number, x: Scale, radius: number, result: Result) => string} */
function stateNode(t, x, radius, result) {
  const kept = t > 0 && role(t, result) === "kept";
  return (
    circle(x(t), STATE_Y, radius, {
      fill: kept ? KEPT : PAPER,
      stroke: kept ? KEPT : SOFT,
      "stroke-width": 1.5,
    }) +
    text(x(t), STATE_Y + 5, radius < 12 ? t : `h_${t}`, {
      ...MIDDLE,
      fill: kept ? PAPER : INK,
      "font-size": radius < 12 ? 11 : 14,
    })
  );
}

/**
 * Whether the gradient passes from step t to the one before.
 *
 * @type {(t: number, result: Result) => boolean}
 */
const passes = (t, result) => role(t, result) === "kept" && role(t - 1, result) === "kept";

/**
 * The arrow between two states: back along a kept path, forwards elsewhere.
 *
 * @type {(t: number, x: Scale, radius: number, result: Result) => string}
 */
function stateArrow(t, x, radius, result) {
  const [left, right] = [x(t - 1) + radius + 2, x(t) - radius - 2];
  if (passes(t, result)) {
    return arrow(right, STATE_Y, left, STATE_Y, { stroke: KEPT, "stroke-width": 2.5 });
  }
  const dashed = role(t, result) === "cut" || t === result.loss - result.k + 1;
  return arrow(left, STATE_Y, right, STATE_Y, {
    stroke: SOFT,
    "stroke-width": 1.2,
    "stroke-dasharray": dashed ? "4 3" : undefined,
  });
}

/** @type {(t: number, x: Scale, result: Result) => string} */
function factorLabel(t, x, result) {
  if (!passes(t, result)) return "";
  const label = `×${short(result.factor[t - 1])}`;
  const look = { ...MIDDLE, fill: KEPT, "font-size": 11 };
  return text((x(t - 1) + x(t)) / 2, STATE_Y - 22, label, look);
}

/** @param {Scale} x @param {number} gap @param {Result} result */
function bars(x, gap, result) {
  const biggest = Math.max(1e-9, ...result.path.slice(0, result.loss).map(Math.abs));
  const lowest = Math.min(0, ...result.path);
  const highest = Math.max(0, ...result.path);
  const y = scale(lowest, Math.max(highest, lowest + 1e-9), BARS.bottom, BARS.top);
  const half = Math.min(14, gap * 0.3);
  const drawn = result.path.slice(0, result.loss).map((value, i) => {
    const kept = role(i + 1, result) === "kept";
    const [top, bottom] = [Math.min(y(0), y(value)), Math.max(y(0), y(value))];
    const colour = kept ? KEPT : SOFT;
    const bar = rect(x(i + 1) - half, top, 2 * half, Math.max(1, bottom - top), {
      fill: kept ? KEPT : "none",
      stroke: colour,
      "stroke-dasharray": kept ? undefined : "3 2",
    });
    if (gap < 38 && Math.abs(value) < 0.995 * biggest) return bar;
    const look = { ...MIDDLE, fill: colour, "font-size": 11 };
    return bar + text(x(i + 1), value < 0 ? bottom + 13 : top - 5, short(value), look);
  });
  const zero = segment(x(0), y(0), x(result.factor.length) + half, y(0), { stroke: SOFT });
  return zero + drawn.join("");
}

/** Where truncation cuts, in two parts: the title of the bars is between them. @param {number} x */
function cutLine(x) {
  /** @param {number} y1 @param {number} y2 */
  const part = (y1, y2) => segment(x, y1, x, y2, { stroke: INK, "stroke-dasharray": "2 4" });
  return (
    part(STATE_Y - 34, INPUT_Y + 10) +
    part(BARS.top - 14, BARS.bottom + 4) +
    text(x, STATE_Y - 40, "cut", { ...MIDDLE, fill: INK, "font-size": 12 })
  );
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const { n_steps } = values;
  const x = scale(0, n_steps, 24, width - 28);
  const gap = x(1) - x(0);
  const radius = Math.min(RADIUS, gap * 0.34);
  const steps = range(n_steps).map((i) => i + 1);
  const { loss, k } = result;
  const title = data.factor
    ? "norm of what each step adds to the gradient of W_hh"
    : "what each step adds to the gradient of w_h";
  return {
    height: HEIGHT,
    svg: [
      rect(x(loss) - 17, LOSS_Y - 16, 34, 26, {
        rx: 5,
        fill: "none",
        stroke: KEPT,
        "stroke-width": 1.5,
      }),
      text(x(loss), LOSS_Y + 2, `L_${loss}`, { ...MIDDLE, fill: KEPT, "font-weight": 600 }),
      arrow(x(loss), LOSS_Y + 12, x(loss), STATE_Y - radius - 3, {
        stroke: KEPT,
        "stroke-width": 2.5,
      }),
      ...steps.map((t) => stateArrow(t, x, radius, result)),
      ...(gap < 44 ? [] : steps.map((t) => factorLabel(t, x, result))),
      ...[0, ...steps].map((t) => stateNode(t, x, radius, result)),
      ...steps.map(
        (t) =>
          arrow(x(t), INPUT_Y - 14, x(t), STATE_Y + radius + 3, {
            stroke: LINE,
            "stroke-width": 1.2,
          }) + text(x(t), INPUT_Y, gap < 34 ? t : `x_${t}`, { ...MIDDLE, fill: SOFT }),
      ),
      loss > k ? cutLine((x(loss - k) + x(loss - k + 1)) / 2) : "",
      text(width < 420 ? 4 : 24, TITLE_Y, title, { fill: INK, "font-size": width < 420 ? 12 : 14 }),
      bars(x, gap, result),
      text((x(0) + x(n_steps)) / 2, HEIGHT - 6, "time step t, from left to right", {
        ...MIDDLE,
        fill: SOFT,
        "font-size": 12,
      }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
