/* Questions with one right option each; the chosen option says at once why it is right or wrong.
 * In a final quiz each question belongs to a lesson, the first answer to it counts, and the page
 * says what to read again. */

/** @typedef {{ text: string, correct: boolean, why: string }} Option */
/** @typedef {{ text: string, options: Option[], lesson?: string }} Question */

/** @typedef {(index: number, correct: boolean) => void} Answered */

/** @type {(question: Question, index: number, answered: Answered) => Node} */
function question({ text: asked, options }, index, answered) {
  const feedback = element("p", { class: "unrolled-feedback", "aria-live": "polite" });
  const rows = options.map((option) => {
    const input = element("input", { type: "radio", name: `question-${index}` });
    input.addEventListener("change", () => {
      feedback.className = `unrolled-feedback unrolled-${option.correct ? "right" : "wrong"}`;
      feedback.replaceChildren(
        element("strong", {}, option.correct ? "✓ Right." : "✗ Not this one."),
        ...proseNodes(option.why),
      );
      answered(index, option.correct);
    });
    return element(
      "label",
      { class: "unrolled-option" },
      input,
      element("span", {}, ...proseNodes(option.text)),
    );
  });
  const legend = element("legend", {}, `${index + 1}. `, ...proseNodes(asked));
  return element("fieldset", { class: "unrolled-question" }, legend, ...rows, feedback);
}

/** @param {View<{ questions: Question[] }>} view */
function render({ model, el }) {
  const questions = model.get("questions");
  const final = questions.some(({ lesson }) => lesson);
  /** @type {Map<number, boolean>} */
  const right = new Map();
  const score = element("p", { class: "unrolled-score", "aria-live": "polite" });

  function count() {
    const correct = [...right.values()].filter(Boolean).length;
    const tried = final ? " at the first try" : "";
    const answers = `Answered ${right.size} of ${questions.length}`;
    score.textContent = `${answers}, ${correct} right${tried}.${toReread()}`;
  }

  /** The lessons whose question was not right at once, in order. */
  function toReread() {
    if (!final || !right.size) return "";
    const missed = questions.filter((_, i) => right.get(i) === false).map(({ lesson }) => lesson);
    if (missed.length) return ` Read again: ${[...new Set(missed)].sort().join(", ")}.`;
    return right.size === questions.length ? " Nothing to read again." : "";
  }

  /** @param {number} index @param {boolean} correct */
  function answered(index, correct) {
    if (!final || !right.has(index)) right.set(index, correct);
    count();
  }

  // A form of its own keeps the radio buttons of two quizzes on one page apart.
  const form = element("form", {}, ...questions.map((each, i) => question(each, i, answered)));
  form.addEventListener("submit", (event) => event.preventDefault());
  el.append(
    element("div", { class: "unrolled-widget", role: "group", "aria-label": "Quiz" }, form, score),
  );
  count();
}

export default { render };
