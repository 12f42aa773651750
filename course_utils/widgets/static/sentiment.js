/* Score after each word. See sentiment.py: the same numbers, sentence and picture.
 * Models of the learner answer from the kernel; until they do, the words stand there alone. */

// ---------------------------------------------------------------- the numbers

/** @typedef {{ model: string, sentence: string, typed?: string }} Values */
/** @typedef {{ weights: Record<string, number>, negators: string[] }} Rules  of our own models */
/** @typedef {{ model: string, words: string[], known: boolean[], scores: number[] }} Answer */
/** @typedef {{ own: string, max_words: number, reads?: string, answer?: Answer }} Given */
/** @typedef {Given & (Rules | { weights?: undefined })} Data */
/** @typedef {{ words: string[], known: boolean[], scores: number[] | null }} Result */

/** Words in lower case, as Python's text.words() splits them. @param {string} line */
const split = (line) => line.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];

/** @type {(words: string[], rules: Rules) => number[]} */
function counts(words, { weights, negators }) {
  let total = 0;
  return words.map((word) => {
    if (negators.includes(word)) total -= 0.3;
    else if (Object.hasOwn(weights, word)) total += weights[word];
    return sigmoid(total);
  });
}

/** @type {(words: string[], rules: Rules) => number[]} */
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

/** @type {(values: Values, data: Data) => Result} */
export function compute({ model, sentence: chosen, typed = "" }, data) {
  const words = split(chosen === data.own ? typed : chosen).slice(0, data.max_words);
  if (data.weights) {
    const heavy = [...Object.keys(data.weights), ...data.negators, "but"];
    const scores = (model === data.reads ? reads : counts)(words, data);
    return { words, known: words.map((word) => heavy.includes(word)), scores };
  }
  const { answer } = data;
  const answered = answer?.model === model && answer.words.join(" ") === words.join(" ");
  return answered
    ? { words, known: answer.known, scores: answer.scores }
    : { words, known: words.map(() => true), scores: null };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result, data: Data) => string} */
export function sentence({ model }, { words, known, scores }, data) {
  if (!words.length) return `Type a sentence of up to ${data.max_words} words.`;
  const count = counted(words.length, "word");
  if (!scores) return `The kernel reads ${count}.`;
  const steps = scores.map((score, i) => score - (i ? scores[i - 1] : 0.5));
  let most = 0;
  steps.forEach((step, i) => {
    if (Math.abs(step) > Math.abs(steps[most]) + 1e-9) most = i;
  });
  const unknown = known.filter((each) => !each).length;
  return (
    `After ${count} the model “${model}” says ${formatNumber(last(scores))} for positive, ` +
    `moved most by “${words[most]}” (${formatSigned(steps[most])}), ` +
    `and ${unknown} of the words ${unknown === 1 ? "tells" : "tell"} it nothing.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 56;
const TOP = 34;
const BOTTOM = 204;
const HEIGHT = 306;
const LONGEST = 14; // letters of a word

/** @param {number} score */
const colourOf = (score) => (score >= 0.5 ? BLUE : VERMILLION);

/** @type {(values: Values, result: Result, width: number) => Picture} */
export function draw({ model }, { words, known, scores }, width) {
  const right = width - 12;
  const step = Math.min(70, (right - LEFT) / Math.max(words.length, 1));
  const y = scale(0, 1, BOTTOM, TOP);
  const size = clip(step * 1.1, 8, 13);
  /** @param {number} score @param {number} i */
  const bar = (score, i) => {
    const [top, bottom] = [Math.max(score, 0.5), Math.min(score, 0.5)].map(y);
    // At 0.5 a thin bar is left, so that no word is without one.
    return rect(LEFT + step * (i + 0.15), top, step * 0.7, Math.max(1.5, bottom - top), {
      fill: colourOf(score),
    });
  };
  /** @param {string} word @param {number} i */
  const name = (word, i) => {
    const x = LEFT + step * (i + 0.5) + 4;
    return text(x, BOTTOM + 16, shortened(word, LONGEST), {
      ...END,
      "font-size": size,
      fill: known[i] ? INK : SOFT,
      "font-style": known[i] ? "normal" : "italic",
      transform: `rotate(-55 ${x.toFixed(1)} ${BOTTOM + 16})`,
    });
  };
  const end = scores?.at(-1);
  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 18, `P(positive) after each word, model: ${model}`, {
        fill: INK,
        "font-size": 13,
      }),
      valueAxis([0, 0.5, 1], y, LEFT, right, { strong: 0.5, gap: 6 }, { "font-size": 12 }),
      ...(scores ?? []).map(bar),
      end === undefined
        ? ""
        : text(
            Math.min(right, LEFT + step * words.length + 4),
            y(end) + (end >= 0.5 ? -5 : 14),
            formatNumber(end),
            { ...END, fill: colourOf(end), "font-weight": 600 },
          ),
      ...words.map(name),
      text(LEFT, HEIGHT - 6, "italic: tells the model nothing", { fill: SOFT, "font-size": 12 }),
    ].join(""),
  };
}

export default explorer({ compute, sentence, draw });
