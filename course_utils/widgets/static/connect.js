/* The kernel's end of a widget: JupyterLab makes its model here, and the output that shows it (see
 * mount() in common.js) finds the model under its name. */

export default {
  async initialize({ model }) {
    const models = (globalThis.unrolledModels ??= new Map());
    models.set(model.get("_id"), model);
    document.dispatchEvent(new CustomEvent("unrolled-model"));
  },
};
