// The part of a page that stands in the side panel, and the path of that page.
// Called by: side-panel.
// Keeps true: the scripts that a part needs are here before it is; a part that takes the place of an older one of the
//   same page goes on with what was typed there and not sent.
import { unsent } from "parley/lib/fields";

export class PanelPart {
  #box;
  path = null;

  constructor(box) {
    this.#box = box;
  }

  /** Fetches what data-modules of a part names. */
  async prepare(part) {
    const modules = (part.dataset.modules ?? "").split(" ").filter((name) => name.startsWith("parley/"));
    await Promise.all(modules.map((name) => import(name)));
  }

  /** Shows a part, which the form `sent` may have made necessary. What was typed and has no place there any longer keeps
   * the older one. */
  show(part, path, sent = null) {
    const pairs = this.path === path ? unsent(this.#box, part, sent) : [];
    if (!pairs) {
      sent?.reset();
      return;
    }
    const field = pairs.find(([before]) => before === document.activeElement)?.[1];
    this.#box.replaceChildren(part);
    this.path = path;
    field?.focus({ preventScroll: true });
  }

  /** Takes away whatever is of another page. */
  keepOnly(path) {
    if (path === this.path) return;
    this.#box.replaceChildren();
    this.path = null;
  }
}
