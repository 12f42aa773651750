/* Five networks on six tasks: a grid of skills, and the learning curves of one task. */

const LEVEL = 0.01;
const LEARNED = 0.05;

/** @typedef {{ rate: string, statistic: string, updates: number, task: string }} Values */
/** @typedef {number[][][]} Runs  skills of one network on one task: by rate, seed and update */

/**
 * @typedef {object} Data
 * @property {string[]} tasks
 * @property {string[]} networks
 * @property {string[]} short_tasks
 * @property {string[]} short_networks
 * @property {number[]} rates
 * @property {string} better  the name of the better rate of each cell
 * @property {number[]} updates
 * @property {Runs[][]} skills  by task and network
 */

/** @typedef {ReturnType<typeof compute>} Result */

/** @param {number[]} numbers */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[(numbers.length - 1) / 2];

/** @type {Record<string, (scores: number[]) => number>} */
const STATISTICS = {
  median,
  best: (scores) => Math.max(...scores),
  worst: (scores) => Math.min(...scores),
};

/**
 * The score of a network from those of its three seeds.
 *
 * @type {(seeds: number[], statistic: string) => number}
 */
function fromSeeds(seeds, statistic) {
  const [word, number] = statistic.split(" ");
  return word === "seed" ? seeds[Number(number)] : STATISTICS[word](seeds);
}

/** @type {(runs: Runs, at: number, rate: string, data: Data) => number} */
function rateOf(runs, at, rate, { rates, better }) {
  if (rate !== better) return rates.map(String).indexOf(rate);
  const ends = runs.map((seeds) => seeds.map((seed) => seed[at]));
  const ranks = ends.map((seeds) => [median(seeds), Math.min(...seeds)]);
  return ranks.reduce(
    (
      best,
      [middle, worst],
      i, // the worst decides between equals
    ) =>
      middle > ranks[best][0] || (middle === ranks[best][0] && worst > ranks[best][1]) ? i : best,
    0,
  );
}

/** @type {(skills: number[], networks: string[]) => string[]} */
function whoIsAhead(skills, networks) {
  const best = Math.max(...skills);
  if (best < LEARNED) return [];
  return networks.filter((_, j) => skills[j] >= best - LEVEL + 1e-9 || skills[j] === best);
}

/** @param {Values} values @param {Data} data */
export function compute({ rate, statistic, updates, task }, data) {
  const at = data.updates.indexOf(updates);
  const chosen = data.skills.map((row) => row.map((runs) => rateOf(runs, at, rate, data)));
  const skills = data.skills.map((row, i) =>
    row.map((runs, j) =>
      fromSeeds(
        runs[chosen[i][j]].map((seed) => seed[at]),
        statistic,
      ),
    ),
  );
  const ahead = skills.map((row) => whoIsAhead(row, data.networks));
  const i = data.tasks.indexOf(task);
  const curves = Object.fromEntries(
    data.networks.map((name, j) => {
      const runs = data.skills[i][j][chosen[i][j]];
      const byUpdate = data.updates.map((_, k) => runs.map((seed) => seed[k]));
      return [
        name,
        {
          shown: byUpdate.map((seeds) => fromSeeds(seeds, statistic)),
          low: byUpdate.map((seeds) => Math.min(...seeds)),
          high: byUpdate.map((seeds) => Math.max(...seeds)),
        },
      ];
    }),
  );
  return {
    skills,
    rates: chosen.map((row) => row.map((each) => data.rates[each])),
    ahead,
    n_ahead: data.networks.map((name) => ahead.filter((row) => row.includes(name)).length),
    curves,
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence({ statistic, updates, task }, { ahead, n_ahead, curves }, data) {
  const names = ahead[data.tasks.indexOf(task)];
  const ends = names.map((name) => formatNumber(curves[name].shown[data.updates.indexOf(updates)]));
  const verb = names.length === 1 ? "is ahead with" : "are level:";
  const who = names.length
    ? `${listed(names)} ${verb} ${listed(ends)}`
    : "nobody has left guessing";
  const counts = data.networks.map((name, j) => `${name} ${n_ahead[j]}`).join(", ");
  return (
    `After ${updates} updates, ${statistic}, on “${task}” ${who}; ` +
    `tasks on which each is ahead or level: ${counts}.`
  );
}

// ---------------------------------------------------------------- the picture

const TOP = 40;
const ROW = 36;
/** @type {Record<string, string>[]} */
const STYLES = [
  { stroke: INK, "stroke-dasharray": "2 4" },
  { stroke: INK },
  { stroke: GREEN, "stroke-dasharray": "7 4" },
  { stroke: VERMILLION, "stroke-dasharray": "8 3 2 3" },
  { stroke: BLUE },
];

/** @param {number} skill */
const twoDecimals = (skill) => (Math.max(skill, 0) + 1e-9).toFixed(2);

/**
 * One cell: the bluer the better; who is ahead or level has a frame and a star.
 *
 * @param {number} skill
 * @param {number} rate
 * @param {boolean} best
 * @param {number} x
 * @param {number} y
 * @param {number} width
 */
function gridCell(skill, rate, best, x, y, width) {
  const middle = { ...MIDDLE, fill: INK };
  return (
    rect(x + 2, y + 2, width - 4, ROW - 4, {
      rx: 3,
      fill: BLUE,
      "fill-opacity": 0.04 + 0.36 * clip(skill, 0, 1),
      stroke: best ? INK : LINE,
      "stroke-width": best ? 2 : 1,
    }) +
    text(x + width / 2, y + 16, `${twoDecimals(skill)}${best ? " ★" : ""}`, {
      ...middle,
      "font-size": width < 60 ? 11 : 13,
      "font-weight": best ? 700 : 400,
    }) +
    text(x + width / 2, y + 29, rate, { ...middle, fill: SOFT, "font-size": 10 })
  );
}

/** @type {(values: Values, result: Result, width: number, data: Data) => string[]} */
function grid({ task }, { skills, rates, ahead }, width, data) {
  const left = width < 480 ? 68 : 104;
  const size = width < 480 ? 11 : 13;
  const column = (width - left - 6) / data.networks.length;
  return [
    text(
      4,
      14,
      `skill: 0 guesses, 1 makes no mistake; small: ${width < 480 ? "" : "learning "}rate`,
      { fill: SOFT, "font-size": width < 480 ? 10 : 12 },
    ),
    ...data.short_networks.map((name, j) =>
      text(left + column * (j + 0.5), TOP - 6, name, {
        ...MIDDLE,
        fill: INK,
        "font-size": size - 1,
      }),
    ),
    ...data.tasks.map(
      (name, i) =>
        text(left - 6, TOP + ROW * i + 22, data.short_tasks[i], {
          ...END,
          fill: INK,
          "font-size": size,
          "font-weight": name === task ? 700 : 400,
        }) +
        skills[i]
          .map((skill, j) =>
            gridCell(
              skill,
              rates[i][j],
              ahead[i].includes(data.networks[j]),
              left + column * j,
              TOP + ROW * i,
              column,
            ),
          )
          .join(""),
    ),
  ];
}

/**
 * The curves of one task: the line is the chosen statistic, the band goes from seed to seed.
 *
 * @type {(values: Values, result: Result, width: number, data: Data, top: number) => string[]}
 */
function panel({ updates, task, statistic }, { curves }, width, data, top) {
  const [left, right, bottom] = [48, width - 14, top + 210];
  const x = scale(0, last(data.updates), left, right);
  const inner = scale(-0.15, 1.05, bottom, top);
  /** @param {number} skill */
  const y = (skill) => inner(Math.max(-0.15, skill));
  /** @type {(values: number[]) => Point[]} */
  const points = (values) => values.map((value, k) => [x(data.updates[k]), y(value)]);
  const columns = width < 480 ? 2 : 3;
  const names = Object.keys(curves);
  const size = { "font-size": 12 };
  return [
    text(4, top - 12, `skill on ${task}, ${statistic}`, {
      fill: INK,
      "font-size": width < 480 ? 11 : 13,
    }),
    valueAxis([0, 0.5, 1], y, left, right, { gap: 6 }, size),
    ...[0, 500, 1000, 1500].map((mark) =>
      text(x(mark), bottom + 18, mark, {
        "text-anchor": mark === 1500 ? "end" : "middle",
        fill: SOFT,
        ...size,
      }),
    ),
    text((left + right) / 2, bottom + 36, "updates", {
      ...MIDDLE,
      fill: INK,
      ...size,
    }),
    segment(x(updates), top, x(updates), bottom, { stroke: SOFT }),
    ...names.map((name, j) =>
      band(points(curves[name].high), points(curves[name].low), {
        fill: STYLES[j].stroke,
        "fill-opacity": 0.1,
      }),
    ),
    ...names.map((name, j) => curve(points(curves[name].shown), STYLES[j])),
    ...names.map((name, j) =>
      legendEntry(
        left + (j % columns) * ((right - left) / columns),
        bottom + 62 + 18 * Math.floor(j / columns),
        name,
        STYLES[j],
        { fill: INK, ...size },
      ),
    ),
  ];
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, data) {
  const top = TOP + ROW * data.tasks.length + 40;
  return {
    height: top + 210 + (width < 480 ? 116 : 98),
    svg: [...grid(values, result, width, data), ...panel(values, result, width, data, top)].join(
      "",
    ),
  };
}

export default explorer({ compute, sentence, draw });
