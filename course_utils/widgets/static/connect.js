/* The kernel's end of a widget: JupyterLab makes its model here, and the output that shows it (see
 * mount.js) finds the model under its name. */

export default {
  /** @param {{ model: Live }} view */
  async initialize({ model }) {
    const page = /** @type {Registry} */ (globalThis);
    page.unrolledModels ??= new Map();
    page.unrolledModels.set(model.get("_id"), model);
    document.dispatchEvent(new CustomEvent("unrolled-model"));
  },
};
