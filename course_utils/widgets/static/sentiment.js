/* Score after each word. See sentiment.py: the same numbers, sentence and picture.
 * Models of the learner answer from the kernel; until they do, the words stand there alone. */

// ---------------------------------------------------------------- the numbers

/** Words in lower case, as Python's text.words() splits them. */
const split = (line) => line.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];

const sigmoid = (value) => 1 / (1 + Math.exp(-value));

function counts(words, { weights, negators }) {
  let total = 0;
  return words.map((word) => {
    if (negators.includes(word)) total -= 0.3;
    else if (Object.hasOwn(weights, word)) total += weights[word];
    return sigmoid(total);
  });
}

function reads(words, { weights, negators }) {
  let total = 0;
  let turn = 1;
  return words.map((word) => {
    if (negators.includes(word)) turn = -1;
    else if (word === "but") total /= 3;
    else if (Object.hasOwn(weights, word)) {
      total += turn * weights[word];
      turn = 1;
    }
    return sigmoid(total - (turn < 0 ? 0.3 : 0));
  });
}

export function compute({ model, sentence: chosen, typed }, data) {
  const words = split(chosen === data.own ? typed : chosen).slice(0, data.max_words);
  if (data.weights) {
    const heavy = (word) => Object.hasOwn(data.weights, word) || data.negators.includes(word) || word === "but";
    const scores = (model === data.reads ? reads : counts)(words, data);
    return { words, known: words.map(heavy), scores };
  }
  const { answer } = data;
  const answered = answer?.model === model && answer.words.join(" ") === words.join(" ");
  return answered
    ? { words, known: answer.known, scores: answer.scores }
    : { words, known: words.map(() => true), scores: null };
}

// ---------------------------------------------------------------- what they say

export function sentence({ model }, { words, known, scores }, data) {
  if (!words.length) return `Type a sentence of up to ${data.max_words} words.`;
  const count = `${words.length} word${words.length === 1 ? "" : "s"}`;
  if (!scores) return `The kernel reads ${count}.`;
  const steps = scores.map((score, i) => score - (i ? scores[i - 1] : 0.5));
  let most = 0;
  steps.forEach((step, i) => {
    if (Math.abs(step) > Math.abs(steps[most]) + 1e-9) most = i;
  });
  const unknown = known.filter((each) => !each).length;
  return `After ${count} the model “${model}” says ${formatNumber(scores.at(-1))} for positive, ` +
    `moved most by “${words[most]}” (${steps[most] > 0 ? "+" : ""}${formatNumber(steps[most])}), ` +
    `and ${unknown} of the words ${unknown === 1 ? "tells" : "tell"} it nothing.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 56;
const TOP = 34;
const BOTTOM = 204;
const HEIGHT = 306;
const POSITIVE = "var(--unrolled-blue)";
const NEGATIVE = "var(--unrolled-vermillion)";

const shortened = (word) => (word.length <= 14 ? word : `${word.slice(0, 13)}…`);

function axis(y, right) {
  return [0, 0.5, 1].map((value) =>
    tag("line", { x1: LEFT, x2: right, y1: y(value), y2: y(value), stroke: value === 0.5 ? SOFT : LINE }) +
    text(LEFT - 6, y(value) + 4, value, { "text-anchor": "end", fill: SOFT, "font-size": 12 }));
}

export function draw({ model }, { words, known, scores }, width) {
  const right = width - 12;
  const step = Math.min(70, (right - LEFT) / Math.max(words.length, 1));
  const y = scale(0, 1, BOTTOM, TOP);
  const size = Math.max(8, Math.min(13, step * 1.1));
  const bar = (score, i) => {
    const colour = score >= 0.5 ? POSITIVE : NEGATIVE;
    const [top, bottom] = [Math.max(score, 0.5), Math.min(score, 0.5)].map(y);
    // At 0.5 a thin bar is left, so that no word is without one.
    return tag("rect", {
      x: LEFT + step * (i + 0.15), y: top, width: step * 0.7, height: Math.max(1.5, bottom - top), fill: colour,
    });
  };
  const name = (word, i) => {
    const x = LEFT + step * (i + 0.5) + 4;
    return text(x, BOTTOM + 16, shortened(word), {
      "text-anchor": "end", "font-size": size, fill: known[i] ? INK : SOFT,
      "font-style": known[i] ? "normal" : "italic", transform: `rotate(-55 ${x.toFixed(1)} ${BOTTOM + 16})`,
    });
  };
  const end = scores?.length ? scores.at(-1) : null;
  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 18, `P(positive) after each word, model: ${model}`, { fill: INK, "font-size": 13 }),
      ...axis(y, right),
      ...(scores ?? []).map(bar),
      end === null ? "" : text(
        Math.min(right, LEFT + step * words.length + 4), y(end) + (end >= 0.5 ? -5 : 14), formatNumber(end),
        { "text-anchor": "end", fill: end >= 0.5 ? POSITIVE : NEGATIVE, "font-weight": 600 }),
      ...words.map(name),
      text(LEFT, HEIGHT - 6, "italic: tells the model nothing", { fill: SOFT, "font-size": 12 }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
