/* Questions with one right option each; the chosen option says at once why it is right or wrong. */

function question({ text: asked, options }, index, answered) {
  const feedback = element("p", { class: "unrolled-feedback", "aria-live": "polite" });
  const rows = options.map((option) => {
    const input = element("input", { type: "radio", name: `question-${index}` });
    input.addEventListener("change", () => {
      feedback.className = `unrolled-feedback unrolled-${option.correct ? "right" : "wrong"}`;
      feedback.replaceChildren(
        element("strong", {}, option.correct ? "✓ Right." : "✗ Not this one."),
        ...proseNodes(option.why));
      answered(index, option.correct);
    });
    return element("label", { class: "unrolled-option" }, input,
      element("span", {}, ...proseNodes(option.text)));
  });
  const legend = element("legend", {}, `${index + 1}. `, ...proseNodes(asked));
  return element("fieldset", { class: "unrolled-question" }, legend, ...rows, feedback);
}

function render({ model, el }) {
  const questions = model.get("questions");
  const right = new Map();
  const score = element("p", { class: "unrolled-score", "aria-live": "polite" });

  function count() {
    const correct = [...right.values()].filter(Boolean).length;
    score.textContent = `Answered ${right.size} of ${questions.length}, ${correct} right.`;
  }

  function answered(index, correct) {
    right.set(index, correct);
    count();
  }

  // A form of its own keeps the radio buttons of two quizzes on one page apart.
  const form = element("form", {}, ...questions.map((each, i) => question(each, i, answered)));
  form.addEventListener("submit", (event) => event.preventDefault());
  el.append(element("div", { class: "unrolled-widget", role: "group", "aria-label": "Quiz" },
    form, score));
  count();
}

export default { render };
