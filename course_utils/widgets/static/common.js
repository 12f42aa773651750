/* The common part of every widget; each widget's own file follows in the same module.
 *
 * An explorer's file defines three pure functions and hands them to explorer():
 *   compute(values, data) -> result              the numbers
 *   sentence(values, result, data) -> string     what they say
 *   draw(values, result, width, data) -> { height, svg }
 *       the inside of an SVG of `width` pixels, as text made with the helpers tag() and text()
 */

// ---------------------------------------------------------------- colours and fonts of common.css

const INK = "var(--unrolled-ink)";
const SOFT = "var(--unrolled-soft)";
const LINE = "var(--unrolled-line)";
const PAPER = "var(--unrolled-paper)";
const BLUE = "var(--unrolled-blue)";
const VERMILLION = "var(--unrolled-vermillion)";
const CODE_FONT = "var(--jp-code-font-family, monospace)";

// ---------------------------------------------------------------- numbers and words

/** Three significant digits, as Python's format_number() writes them. */
function formatNumber(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) return minus(String(Number(value.toPrecision(3))));
  const [mantissa, exponent] = value.toExponential(2).split("e");
  const power = [...String(Number(exponent))].map((each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)]);
  return `${minus(String(Number(mantissa)))}×10${power.join("")}`;
}

const minus = (digits) => digits.replace("-", "−");

/** A control's value with as many decimals as its step has. */
function formatStep(value, step) {
  return minus(value.toFixed((String(step).split(".")[1] ?? "").length));
}

/** Split "weight w_h" into pieces: { text } or { letter, subscript }. */
function pieces(label) {
  return String(label).split(/\b([A-Za-z]_(?:\{[^}]*\}|\w+))/).map((part, i) =>
    i % 2 ? { letter: part[0], subscript: part.slice(2).replace(/[{}]/g, "") } : { text: part });
}

// ---------------------------------------------------------------- drawing

const escapeText = (value) =>
  String(value).replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);

/** An SVG element as text; numbers are rounded to hundredths of a pixel. */
function tag(name, attributes = {}, ...children) {
  const written = Object.entries(attributes).map(([key, value]) => {
    const plain = typeof value === "number" ? Math.round(value * 100) / 100 : value;
    return ` ${key}="${escapeText(plain)}"`;
  });
  return `<${name}${written.join("")}>${children.join("")}</${name}>`;
}

/** Text at a place; "h_{t-1}" is set as a letter with a subscript. */
function text(x, y, label, attributes = {}) {
  const parts = pieces(label).map((part) =>
    part.text !== undefined
      ? escapeText(part.text)
      : tag("tspan", { "font-style": "italic" }, escapeText(part.letter)) +
        tag("tspan", { "font-size": "75%", dy: "0.3em" }, escapeText(minus(part.subscript))) +
        // The next piece goes back to the line; it is empty but must hold a character.
        tag("tspan", { "font-size": "75%", dy: "-0.3em" }, "\u200b"));
  return tag("text", { x, y, ...attributes }, ...parts);
}

/** Round numbers that divide [low, high] in about `count` parts. */
function ticks(low, high, count = 4) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** A function that maps [low, high] onto [from, to]. */
const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);

// ---------------------------------------------------------------- the frame on the page

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Nodes of a label with its letters and subscripts. */
function labelNodes(label) {
  return pieces(label).flatMap((part) =>
    part.text !== undefined
      ? [part.text]
      : [element("i", {}, part.letter), element("sub", {}, part.subscript)]);
}

/** One labelled native control: { node, show(values) }; `moved(name, value)` hears the learner. */
function control(spec, moved) {
  if (spec.kind === "range") return rangeControl(spec, moved);
  const input = {
    choice: () => element("select", {}, ...spec.options.map((option) => element("option", {}, option))),
    text: () => element("input", { type: "text", maxlength: spec.max_length, spellcheck: "false" }),
    toggle: () => element("input", { type: "checkbox" }),
  }[spec.kind]();
  const property = spec.kind === "toggle" ? "checked" : "value";
  input.addEventListener("input", () => moved(spec.name, input[property]));
  const name = element("span", { class: "unrolled-name" }, ...labelNodes(spec.label));
  const node = element("label", { class: `unrolled-${spec.kind}` }, name, input);
  return {
    node,
    show(values) {
      // What is there already is not set again: it would move the cursor of who types.
      if (input[property] !== values[spec.name]) input[property] = values[spec.name];
      dim(node, spec, values);
    },
  };
}

/** Dim a control that matters with another setting of another control only. */
function dim(node, { used_with }, values) {
  const [other, setting] = used_with ?? [];
  node.classList.toggle("unrolled-unused", other !== undefined && values[other] !== setting);
}

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
      input.value = values[spec.name];
      reading.textContent = formatStep(values[spec.name], step);
      dim(node, spec, values);
    },
  };
}

/** Nodes of the controls; toggles that follow one another come together, to stand in one row. */
function grouped(nodes) {
  const groups = [];
  for (const node of nodes) {
    const toggle = node.classList.contains("unrolled-toggle");
    const last = groups.at(-1);
    if (toggle && last?.classList.contains("unrolled-toggles")) last.append(node);
    else groups.push(toggle ? element("div", { class: "unrolled-toggles" }, node) : node);
  }
  return groups;
}

/** The widget of an explorer, for anywidget. */
function explorer({ compute, sentence, draw }) {
  function render({ model, el }) {
    const { title, controls: specs } = model.get("page");
    let { data } = model.get("page");
    const start = Object.fromEntries(specs.map(({ name, value }) => [name, value]));
    let values = { ...start, ...model.get("values") };
    let width = 0;

    const controls = specs.map((spec) => control(spec, (name, value) => move({ [name]: value })));
    const reset = element("button", { type: "button", class: "unrolled-button" }, "Reset");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const words = element("p", { class: "unrolled-sentence", "aria-live": "polite" });
    const root = element("div", { class: "unrolled-widget", role: "group", "aria-label": title },
      element("div", { class: "unrolled-controls" }, ...grouped(controls.map(({ node }) => node))),
      picture,
      element("div", { class: "unrolled-footer" }, words, reset));
    picture.setAttribute("role", "img");
    el.append(root);

    function show() {
      const result = compute(values, data);
      const said = sentence(values, result, data);
      for (const each of controls) each.show(values);
      const { height, svg } = draw(values, result, width, data);
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      picture.setAttribute("height", height);
      picture.setAttribute("aria-label", `${title}. ${said}`);
      picture.innerHTML = svg;
      words.replaceChildren(...labelNodes(said));
    }

    function move(changed) {
      values = { ...values, ...changed };
      show(); // first: the picture needs no kernel
      model.set("values", values);
      model.save_changes();
    }

    function follow() {
      if (model.get("values") === values) return; // the learner's own move
      values = { ...start, ...model.get("values") };
      show();
    }

    function refresh() { // the kernel has sent other data
      ({ data } = model.get("page"));
      show();
    }

    function fit() {
      const wanted = Math.round(Math.min(900, Math.max(300, root.clientWidth || 640)));
      if (wanted === width) return;
      width = wanted;
      show();
    }

    reset.addEventListener("click", () => move(start));
    model.on("change:values", follow);
    model.on("change:page", refresh);
    const observer = new ResizeObserver(fit);
    observer.observe(root);
    fit();
    return () => {
      observer.disconnect();
      model.off("change:values", follow);
      model.off("change:page", refresh);
    };
  }
  return { render };
}

/** Nodes of a text in which `backticks` mark code. */
function proseNodes(prose) {
  return prose.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));
}

// ---------------------------------------------------------------- in an output

/** Let a widget take the place of the still in `host`, the element of an output. The page does the
 * work alone where it can, with the state that the output holds; once the kernel's model of that
 * `name` is there (see connect.js), the widget works beside it. */
export function mount(host, css, name, widget) {
  const [still, stored] = host.children;
  const place = element("div");
  const alone = "needsKernel" in host.dataset ? null : storedModel(JSON.parse(stored.textContent));
  let shown = null;
  let leave;

  function show(model) {
    if (model === shown) return;
    leave?.();
    place.replaceChildren();
    leave = model && widget.render({ model, el: place });
    still.hidden = Boolean(model);
    shown = model;
  }

  async function connect() {
    const model = globalThis.unrolledModels?.get(name);
    if (!model) return;
    document.removeEventListener("unrolled-model", connect);
    const kernels = await model.widget_manager.get_model(name).catch(() => null);
    const follow = () => {
      if (kernels.comm_live) show(model);
      else if (!alone) show(null); // the kernel has ended
    };
    kernels?.on("comm_live_update", follow);
    if (kernels) follow();
  }

  setUpPage(css);
  host.append(place);
  show(alone);
  document.addEventListener("unrolled-model", connect);
  connect();
}

/** A model without a kernel. */
function storedModel(state) {
  const ignore = () => {};
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: ignore, send: ignore, on: ignore, off: ignore,
  };
}

/** Give the page, once, the style of all widgets and the rules for their keys. */
function setUpPage(css) {
  if (document.getElementById("unrolled-style")) return;
  document.head.append(element("style", { id: "unrolled-style" }, css));
  const ours = (node) => node?.closest?.(".unrolled-widget :is(input, select, button)");
  // Before JupyterLab, which listens on the document: it passes over what carries this attribute.
  window.addEventListener("keydown", (event) => {
    ours(event.target)?.toggleAttribute("data-lm-suppress-shortcuts", usesKey(event.target, event));
  }, true);
  // The browser undoes the last edit of the whole page: that of a cell, somewhere out of sight.
  window.addEventListener("beforeinput", (event) => {
    const focused = document.activeElement;
    if (event.inputType.startsWith("history") && ours(focused) && event.target !== focused) {
      event.preventDefault();
    }
  }, true);
}

/** Whether a control keeps a key from JupyterLab, to which "b" means a new cell. */
function usesKey({ type }, { key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (ctrlKey || metaKey) {
    const edits = type === "text" ? /^([acvxyz]|Arrow.*|Home|End|Backspace|Delete)$/i : /^[yz]$/i;
    return edits.test(key);
  }
  if (key === "Enter") return !shiftKey && !altKey;
  return !/^(Escape|Tab|F\d+)$/.test(key);
}
