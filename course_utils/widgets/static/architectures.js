/* Five networks on six tasks: a grid of skills, and the learning curves of one task. */

const LEVEL = 0.01;
const LEARNED = 0.05;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[(numbers.length - 1) / 2];

/** The score of a network from those of its three seeds. */
function fromSeeds(seeds, statistic) {
  const [word, number] = statistic.split(" ");
  if (word === "seed") return seeds[Number(number)];
  return { median, best: (each) => Math.max(...each), worst: (each) => Math.min(...each) }[word](seeds);
}

function rateOf(runs, at, rate, { rates, better }) {
  if (rate !== better) return rates.map(String).indexOf(rate);
  const ends = runs.map((seeds) => seeds.map((seed) => seed[at]));
  const ranks = ends.map((seeds) => [median(seeds), Math.min(...seeds)]);
  return ranks.reduce((best, [middle, worst], i) => // the worst decides between equals
    middle > ranks[best][0] || (middle === ranks[best][0] && worst > ranks[best][1]) ? i : best, 0);
}

function whoIsAhead(skills, networks) {
  const best = Math.max(...skills);
  if (best < LEARNED) return [];
  return networks.filter((_, j) => skills[j] >= best - LEVEL + 1e-9 || skills[j] === best);
}

export function compute({ rate, statistic, updates, task }, data) {
  const at = data.updates.indexOf(updates);
  const chosen = data.skills.map((row) => row.map((runs) => rateOf(runs, at, rate, data)));
  const skills = data.skills.map((row, i) => row.map((runs, j) =>
    fromSeeds(runs[chosen[i][j]].map((seed) => seed[at]), statistic)));
  const ahead = skills.map((row) => whoIsAhead(row, data.networks));
  const i = data.tasks.indexOf(task);
  const curves = Object.fromEntries(data.networks.map((name, j) => {
    const runs = data.skills[i][j][chosen[i][j]];
    const byUpdate = data.updates.map((_, k) => runs.map((seed) => seed[k]));
    return [name, {
      shown: byUpdate.map((seeds) => fromSeeds(seeds, statistic)),
      low: byUpdate.map((seeds) => Math.min(...seeds)),
      high: byUpdate.map((seeds) => Math.max(...seeds)),
    }];
  }));
  return {
    skills,
    rates: chosen.map((row) => row.map((each) => data.rates[each])),
    ahead,
    n_ahead: data.networks.map((name) => ahead.filter((row) => row.includes(name)).length),
    curves,
  };
}

// ---------------------------------------------------------------- what they say

const listed = (parts) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];

export function sentence({ statistic, updates, task }, { ahead, n_ahead, curves }, data) {
  const names = ahead[data.tasks.indexOf(task)];
  const ends = names.map((name) => formatNumber(curves[name].shown[data.updates.indexOf(updates)]));
  const verb = names.length === 1 ? "is ahead with" : "are level:";
  const who = names.length ? `${listed(names)} ${verb} ${listed(ends)}` : "nobody has left guessing";
  const counts = data.networks.map((name, j) => `${name} ${n_ahead[j]}`).join(", ");
  return `After ${updates} updates, ${statistic}, on “${task}” ${who}; ` +
    `tasks on which each is ahead or level: ${counts}.`;
}

// ---------------------------------------------------------------- the picture

const TOP = 40;
const ROW = 36;
const STYLES = [
  { stroke: INK, "stroke-dasharray": "2 4" },
  { stroke: INK },
  { stroke: "var(--unrolled-green)", "stroke-dasharray": "7 4" },
  { stroke: "var(--unrolled-vermillion)", "stroke-dasharray": "8 3 2 3" },
  { stroke: BLUE },
];

const twoDecimals = (skill) => (Math.max(skill, 0) + 1e-9).toFixed(2);

/** One cell: the bluer the better; who is ahead or level has a frame and a star. */
function gridCell(skill, rate, best, x, y, width) {
  const middle = { "text-anchor": "middle", fill: INK };
  return tag("rect", {
    x: x + 2, y: y + 2, width: width - 4, height: ROW - 4, rx: 3, fill: BLUE,
    "fill-opacity": 0.04 + 0.36 * Math.min(1, Math.max(0, skill)),
    stroke: best ? INK : LINE, "stroke-width": best ? 2 : 1,
  }) +
    text(x + width / 2, y + 16, `${twoDecimals(skill)}${best ? " ★" : ""}`,
      { ...middle, "font-size": width < 60 ? 11 : 13, "font-weight": best ? 700 : 400 }) +
    text(x + width / 2, y + 29, rate, { ...middle, fill: SOFT, "font-size": 10 });
}

function grid({ task }, { skills, rates, ahead }, width, data) {
  const left = width < 480 ? 68 : 104;
  const size = width < 480 ? 11 : 13;
  const column = (width - left - 6) / data.networks.length;
  return [
    text(4, 14, `skill: 0 guesses, 1 makes no mistake; small: ${width < 480 ? "" : "learning "}rate`,
      { fill: SOFT, "font-size": width < 480 ? 10 : 12 }),
    ...data.short_networks.map((name, j) =>
      text(left + column * (j + 0.5), TOP - 6, name, { "text-anchor": "middle", fill: INK, "font-size": size - 1 })),
    ...data.tasks.map((name, i) =>
      text(left - 6, TOP + ROW * i + 22, data.short_tasks[i], {
        "text-anchor": "end", fill: INK, "font-size": size, "font-weight": name === task ? 700 : 400,
      }) +
      skills[i].map((skill, j) => gridCell(
        skill, rates[i][j], ahead[i].includes(data.networks[j]), left + column * j, TOP + ROW * i, column)).join("")),
  ];
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** The curves of one task: the line is the chosen statistic, the band goes from seed to seed. */
function panel({ updates, task, statistic }, { curves }, width, data, top) {
  const [left, right, bottom] = [48, width - 14, top + 210];
  const x = scale(0, data.updates.at(-1), left, right);
  const inner = scale(-0.15, 1.05, bottom, top);
  const y = (skill) => inner(Math.max(-0.15, skill));
  const points = (values) => values.map((value, k) => [x(data.updates[k]), y(value)]);
  const columns = width < 480 ? 2 : 3;
  const names = Object.keys(curves);
  const legend = names.map((name, j) => {
    const at = [left + (j % columns) * ((right - left) / columns), bottom + 62 + 18 * Math.floor(j / columns)];
    return tag("path", { d: `M${at[0].toFixed(1)} ${at[1] - 4}h24`, fill: "none", "stroke-width": 2, ...STYLES[j] }) +
      text(at[0] + 30, at[1], name, { fill: INK, "font-size": 12 });
  });
  return [
    text(4, top - 12, `skill on ${task}, ${statistic}`, { fill: INK, "font-size": width < 480 ? 11 : 13 }),
    ...[0, 0.5, 1].map((mark) =>
      tag("line", { x1: left, x2: right, y1: y(mark), y2: y(mark), stroke: mark === 0 ? SOFT : LINE }) +
      text(left - 6, y(mark) + 4, mark, { "text-anchor": "end", fill: SOFT, "font-size": 12 })),
    ...[0, 500, 1000, 1500].map((mark) =>
      text(x(mark), bottom + 18, mark, { "text-anchor": mark === 1500 ? "end" : "middle", fill: SOFT, "font-size": 12 })),
    text((left + right) / 2, bottom + 36, "updates", { "text-anchor": "middle", fill: INK, "font-size": 12 }),
    tag("line", { x1: x(updates), x2: x(updates), y1: top, y2: bottom, stroke: SOFT }),
    ...names.map((name, j) => tag("path", {
      d: `${path([...points(curves[name].high), ...points(curves[name].low).reverse()])}Z`,
      fill: STYLES[j].stroke, "fill-opacity": 0.1,
    })),
    ...names.map((name, j) =>
      tag("path", { d: path(points(curves[name].shown)), fill: "none", "stroke-width": 2, ...STYLES[j] })),
    ...legend,
  ];
}

export function draw(values, result, width, data) {
  const top = TOP + ROW * data.tasks.length + 40;
  return {
    height: top + 210 + (width < 480 ? 116 : 98),
    svg: [...grid(values, result, width, data), ...panel(values, result, width, data, top)].join(""),
  };
}

export default explorer({ compute, sentence, draw });
