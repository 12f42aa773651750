/* The course map with the learner's progress; the kernel reads the file. */

/** @typedef {{ name: string, solved: boolean }} Exercise */
/** @typedef {{ name: string, minutes: number, exercises: Exercise[] }} Lesson */
/** @typedef {{ name: string, lessons: Lesson[] }} Part */

/** @param {Exercise[]} exercises */
const countSolved = (exercises) => exercises.filter(({ solved }) => solved).length;

/** @param {Lesson} lesson */
function exercisesCell({ exercises }) {
  const marks = exercises.map(({ name, solved }) =>
    element(
      "span",
      { class: solved ? "unrolled-solved" : "", title: `${name}${solved ? ": solved" : ""}` },
      solved ? "●" : "○",
    ),
  );
  return element(
    "td",
    {},
    element("span", { class: "unrolled-marks", "aria-hidden": "true" }, ...marks),
    `${countSolved(exercises)} of ${exercises.length} solved`,
  );
}

/** @param {Part} part */
function rows({ name, lessons }) {
  return [
    element("tr", {}, element("th", { colspan: 3, scope: "colgroup" }, name)),
    ...lessons.map((lesson) =>
      element(
        "tr",
        {},
        element("td", {}, lesson.name),
        element("td", { class: "unrolled-minutes" }, `${lesson.minutes} min`),
        exercisesCell(lesson),
      ),
    ),
  ];
}

/** @param {View<{ parts: Part[], notice: string }>} view */
function render({ model, el }) {
  const table = element("table", { class: "unrolled-map" });
  const words = element("p", { class: "unrolled-sentence", "aria-live": "polite" });
  const refresh = element("button", { type: "button", class: "unrolled-button" }, "Refresh");

  function show() {
    const parts = model.get("parts");
    const exercises = parts.flatMap(({ lessons }) => lessons).flatMap((lesson) => lesson.exercises);
    const count = `You have solved ${countSolved(exercises)} of ${exercises.length} exercises.`;
    table.replaceChildren(element("tbody", {}, ...parts.flatMap(rows)));
    words.textContent = `${count} ${model.get("notice")}`.trim();
  }

  refresh.addEventListener("click", () => model.send({ type: "refresh" }));
  model.on("change:parts", show);
  model.on("change:notice", show);
  el.append(
    element(
      "div",
      { class: "unrolled-widget", role: "group", "aria-label": "Course map" },
      table,
      element("div", { class: "unrolled-footer" }, words, refresh),
    ),
  );
  show();
  return () => {
    model.off("change:parts", show);
    model.off("change:notice", show);
  };
}

export default { render };
