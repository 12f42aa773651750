/* The frame of an explorer: its controls, the picture and the sentence.
 *
 * An explorer's file defines three pure functions and hands them to explorer():
 *   compute(values, data) -> result              the numbers
 *   sentence(values, result, data) -> string     what they say
 *   draw(values, result, width, data) -> Picture
 *       the inside of an SVG of `width` pixels, as text made with the helpers tag() and text()
 */

/** @typedef {number | string | boolean} Setting  what one control holds */
/** @typedef {Record<string, Setting>} Settings */
/** @typedef {{ name: string, label: string, used_with?: [string, Setting] | null }} Named */
/** @typedef {{ kind: "range", min: number, max: number, step: number, value: number }} RangeSpec */
/** @typedef {{ kind: "choice", options: string[], value: string }} ChoiceSpec */
/** @typedef {{ kind: "text", max_length: number, value: string }} TextSpec */
/** @typedef {{ kind: "toggle", value: boolean }} ToggleSpec */
/** @typedef {Named & (RangeSpec | ChoiceSpec | TextSpec | ToggleSpec)} Spec  of controls.py */
/** @typedef {(name: string, setting: Setting) => void} Moved  hears what the learner sets */
/** @typedef {{ node: HTMLElement, show: (values: Settings) => void }} Control */

/**
 * The state that a widget shares with its object in Python, by name: anywidget's model or, where no
 * kernel runs, that of storedModel().
 *
 * @template {object} State
 * @typedef {object} Model
 * @property {<K extends keyof State>(name: K) => State[K]} get
 * @property {<K extends keyof State>(name: K, value: State[K]) => void} set
 * @property {() => void} save_changes
 * @property {(message: object) => void} send
 * @property {(event: string, heard: () => void) => void} on
 * @property {(event: string, heard: () => void) => void} off
 */

/** @typedef {{ comm_live: boolean, on: (event: string, heard: () => void) => void }} Kernels */
/** @typedef {{ get_model: (name: string) => Promise<Kernels> }} Manager  of JupyterLab's models */
/** @typedef {Model<any> & { widget_manager: Manager }} Live  the model of a kernel */
/** @typedef {{ unrolledModels?: Map<string, Live> }} Registry  of all models, on the page */

/** @template {object} State @typedef {{ model: Model<State>, el: HTMLElement }} View */
/** @template D @typedef {{ title: string, controls: Spec[], data: D }} Page */
/** @template V, D @typedef {{ page: Page<D>, values: Partial<V> }} ExplorerState */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Nodes of a label with its letters and subscripts. @param {string} label */
const labelNodes = (label) =>
  pieces(label).flatMap((part) =>
    part.text !== undefined
      ? [/** @type {Node | string} */ (part.text)]
      : [element("i", {}, part.letter), element("sub", {}, part.subscript)],
  );

/**
 * Nodes of a text in which `backticks` mark code.
 *
 * @type {(prose: string) => (Node | string)[]}
 */
const proseNodes = (prose) =>
  prose.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));

/** @param {Named & (ChoiceSpec | TextSpec | ToggleSpec)} spec */
function inputOf(spec) {
  if (spec.kind === "choice") {
    return element("select", {}, ...spec.options.map((option) => element("option", {}, option)));
  }
  if (spec.kind === "toggle") return element("input", { type: "checkbox" });
  return element("input", { type: "text", maxlength: spec.max_length, spellcheck: "false" });
}

/** One labelled native control. @type {(spec: Spec, moved: Moved) => Control} */
function control(spec, moved) {
  if (spec.kind === "range") return rangeControl(spec, moved);
  const input = /** @type {HTMLInputElement} */ (inputOf(spec)); // a select has a value, too
  const property = spec.kind === "toggle" ? "checked" : "value";
  input.addEventListener("input", () => moved(spec.name, input[property]));
  const name = element("span", { class: "unrolled-name" }, ...labelNodes(spec.label));
  const node = element("label", { class: `unrolled-${spec.kind}` }, name, input);
  return {
    node,
    show(values) {
      const setting = values[spec.name];
      // What is there already is not set again: it would move the cursor of who types.
      if (input[property] !== setting) Object.assign(input, { [property]: setting });
      dim(node, spec, values);
    },
  };
}

/** @type {(spec: Named & RangeSpec, moved: Moved) => Control} */
function rangeControl(spec, moved) {
  const { min, max, step } = spec;
  const input = element("input", { type: "range", min, max, step });
  const reading = element("span", { class: "unrolled-reading", "aria-hidden": "true" });
  input.addEventListener("input", () => moved(spec.name, Number(input.value)));
  const name = element("span", { class: "unrolled-name" }, ...labelNodes(spec.label));
  const node = element("label", { class: "unrolled-range" }, name, reading, input);
  return {
    node,
    show(values) {
      input.value = String(values[spec.name]);
      reading.textContent = formatStep(Number(values[spec.name]), step);
      dim(node, spec, values);
    },
  };
}

/**
 * Dim a control that matters with another setting of another control only.
 *
 * @type {(node: HTMLElement, spec: Named, values: Settings) => void}
 */
function dim(node, { used_with }, values) {
  const [other, setting] = used_with ?? [];
  node.classList.toggle("unrolled-unused", other !== undefined && values[other] !== setting);
}

/**
 * Nodes of the controls; toggles that follow one another come together, to stand in one row.
 *
 * @param {HTMLElement[]} nodes
 */
function grouped(nodes) {
  /** @type {HTMLElement[]} */
  const groups = [];
  for (const node of nodes) {
    const toggle = node.classList.contains("unrolled-toggle");
    const before = groups.at(-1);
    if (toggle && before?.classList.contains("unrolled-toggles")) before.append(node);
    else groups.push(toggle ? element("div", { class: "unrolled-toggles" }, node) : node);
  }
  return groups;
}

/** Where the controls start. @param {Spec[]} controls */
const startOf = (controls) => Object.fromEntries(controls.map(({ name, value }) => [name, value]));

/**
 * The values of an explorer's controls: those of its state, and the others as they start.
 *
 * @template V, D
 * @param {Model<ExplorerState<V, D>>} model
 */
function currentValues(model) {
  const { controls } = model.get("page");
  return /** @type {V} */ ({ ...startOf(controls), ...model.get("values") });
}

/** @type {(place: Element) => HTMLInputElement[]} */
const slidersIn = (place) =>
  [...place.querySelectorAll("input")].filter(({ type }) => type === "range");

/** Move a slider as the learner would. @param {HTMLInputElement} slider @param {number} value */
function moveSlider(slider, value) {
  slider.value = String(value);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * The widget of an explorer, for anywidget.
 *
 * @template {Settings} V
 * @template R, D
 * @param {object} parts
 * @param {(values: V, data: D) => R} parts.compute
 * @param {(values: V, result: R, data: D) => string} parts.sentence
 * @param {(values: V, result: R, width: number, data: D) => Picture} parts.draw
 */
function explorer({ compute, sentence, draw }) {
  /** @param {View<ExplorerState<V, D>>} view */
  function render({ model, el }) {
    const { title, controls: specs } = model.get("page");
    let values = currentValues(model);
    let width = 0;

    const controls = specs.map((spec) =>
      control(spec, (name, setting) => move({ [name]: setting })),
    );
    const reset = element("button", { type: "button", class: "unrolled-button" }, "Reset");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const words = element("p", { class: "unrolled-sentence", "aria-live": "polite" });
    const root = element(
      "div",
      { class: "unrolled-widget", role: "group", "aria-label": title },
      element("div", { class: "unrolled-controls" }, ...grouped(controls.map(({ node }) => node))),
      picture,
      element("div", { class: "unrolled-footer" }, words, reset),
    );
    picture.setAttribute("role", "img");
    el.append(root);

    function show() {
      const { data } = model.get("page");
      const result = compute(values, data);
      const said = sentence(values, result, data);
      for (const each of controls) each.show(values);
      const { height, svg } = draw(values, result, width, data);
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      picture.setAttribute("height", String(height));
      picture.setAttribute("aria-label", `${title}. ${said}`);
      picture.innerHTML = svg;
      words.replaceChildren(...labelNodes(said));
    }

    /** @param {Settings} changed */
    function move(changed) {
      values = { ...values, ...changed };
      show(); // first: the picture needs no kernel
      model.set("values", values);
      model.save_changes();
    }

    function follow() {
      if (model.get("values") === values) return; // the learner's own move
      values = currentValues(model);
      show();
    }

    function fit() {
      const wanted = Math.round(clip(root.clientWidth || 640, 300, 900));
      if (wanted === width) return;
      width = wanted;
      show();
    }

    reset.addEventListener("click", () => move(startOf(specs)));
    model.on("change:values", follow);
    model.on("change:page", show); // the kernel has sent other data
    const observer = new ResizeObserver(fit);
    observer.observe(root);
    fit();
    return () => {
      observer.disconnect();
      model.off("change:values", follow);
      model.off("change:page", show);
    };
  }
  return { render };
}
