/* A widget's place in an output, with the kernel and without. */

/**
 * Let a widget take the place of the still in `host`, the element of an output. The page does the
 * work alone where it can, with the state that the output holds; once the kernel's model of that
 * `name` is there (see connect.js), the widget works beside it.
 *
 * @param {HTMLElement} host
 * @param {string} css
 * @param {string} name
 * @param {{ render: (view: View<any>) => () => void }} widget
 */
export function mount(host, css, name, widget) {
  const [still, stored] = /** @type {HTMLCollectionOf<HTMLElement>} */ (host.children);
  const place = element("div");
  const alone = "needsKernel" in host.dataset ? null : storedModel(JSON.parse(stored.textContent));
  /** @type {Model<any> | null} */
  let shown = null;
  /** @type {(() => void) | null} */
  let leave = null;

  /** @param {Model<any> | null} model */
  function show(model) {
    if (model === shown) return;
    leave?.();
    place.replaceChildren();
    leave = model && widget.render({ model, el: place });
    still.hidden = Boolean(model);
    shown = model;
  }

  async function connect() {
    const model = /** @type {Registry} */ (globalThis).unrolledModels?.get(name);
    if (!model) return;
    document.removeEventListener("unrolled-model", connect);
    const kernels = await model.widget_manager.get_model(name).catch(() => null);
    const follow = () => {
      if (kernels?.comm_live) show(model);
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

/** A model without a kernel. @type {(state: any) => Model<any>} */
function storedModel(state) {
  const ignore = () => {};
  return {
    get: (name) => state[name],
    set: (name, value) => {
      state[name] = value;
    },
    save_changes: ignore,
    send: ignore,
    on: ignore,
    off: ignore,
  };
}

/** @type {(node: EventTarget | null) => HTMLInputElement | null} */
const controlAt = (node) =>
  node instanceof Element ? node.closest(".unrolled-widget :is(input, select, button)") : null;

/**
 * Give the page, once, the style of all widgets and the rules for their keys.
 *
 * @param {string} css
 */
function setUpPage(css) {
  if (document.getElementById("unrolled-style")) return;
  document.head.append(element("style", { id: "unrolled-style" }, css));
  // Before JupyterLab, which listens on the document: it passes over what carries this attribute.
  window.addEventListener(
    "keydown",
    (event) => {
      const focused = controlAt(event.target);
      focused?.toggleAttribute("data-lm-suppress-shortcuts", usesKey(focused, event));
    },
    true,
  );
  // The browser undoes the last edit of the whole page: that of a cell, somewhere out of sight.
  window.addEventListener(
    "beforeinput",
    (event) => {
      const focused = document.activeElement;
      const history = event.inputType.startsWith("history");
      if (history && controlAt(focused) && event.target !== focused) event.preventDefault();
    },
    true,
  );
}

/**
 * Whether a control keeps a key from JupyterLab, to which "b" means a new cell.
 *
 * @type {(control: HTMLInputElement, event: KeyboardEvent) => boolean}
 */
function usesKey({ type }, { key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (ctrlKey || metaKey) {
    const edits = type === "text" ? /^([acvxyz]|Arrow.*|Home|End|Backspace|Delete)$/i : /^[yz]$/i;
    return edits.test(key);
  }
  if (key === "Enter") return !shiftKey && !altKey;
  return !/^(Escape|Tab|F\d+)$/.test(key);
}
