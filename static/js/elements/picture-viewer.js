// <picture-viewer>: a picture as large as the window, and the way to those before and after it.
// Called by: models/viewer-door, through view(); the dialog is cloned from <template id="picture-viewer">.
// Keeps true: Escape, the arrows and a press beside the picture do what one expects; the focus goes back.
import { clone } from "parley/lib/html";
import { gettext } from "parley/lib/words";

/** Shows the picture of a link, among those that its feed shows. */
export function view(link) {
  const feed = link.closest("[role=log], [data-panel], main") ?? document.body;
  const links = [...feed.querySelectorAll("a[data-picture]:not([data-waiting])")];
  const dialog = clone("picture-viewer");
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus({ preventScroll: true });
  });
  dialog.showModal();
  dialog.querySelector("picture-viewer").show(links, Math.max(0, links.indexOf(link)));
}

class PictureViewer extends HTMLElement {
  #links = [];
  #at = 0;

  connectedCallback() {
    this.dialog = this.closest("dialog");
    this.image = this.querySelector("[data-image]");
    this.addEventListener("click", this.#clicked);
    this.dialog.addEventListener("keydown", this.#pressed);
    this.image.addEventListener("load", () => this.image.removeAttribute("aria-busy"));
  }

  show(links, at) {
    this.#links = links;
    this.#at = at;
    this.#draw();
  }

  #draw() {
    const { src, name } = this.#links[this.#at].dataset;
    const row = this.#links[this.#at].closest(".message");
    const more = this.#links.length > 1;
    this.image.ariaBusy = "true";
    this.image.src = src;
    this.image.alt = name;
    this.querySelector("[data-name]").textContent = name;
    this.querySelector("[data-by]").textContent = row?.querySelector(".message__by")?.textContent ?? "";
    this.querySelector("[data-download]").href = src;
    const values = { number: this.#at + 1, count: this.#links.length };
    this.querySelector("[data-count]").textContent = more ? gettext("{number} of {count}", values) : "";
    this.querySelector("[data-back]").hidden = this.#at === 0;
    this.querySelector("[data-on]").hidden = this.#at === this.#links.length - 1;
    delete this.dataset.zoomed;
  }

  #turn(by) {
    const at = this.#at + by;
    if (!this.#links[at]) return;
    this.#at = at;
    this.#draw();
    if (!document.activeElement?.checkVisibility?.()) this.querySelector("[data-close]").focus();
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-back]")) this.#turn(-1);
    else if (target.closest("[data-on]")) this.#turn(1);
    else if (target === this.image) this.toggleAttribute("data-zoomed");
    else if (target.closest("[data-close]") || target.matches("[data-stage]")) this.dialog.close();
  };

  #pressed = (event) => {
    const isRightToLeft = getComputedStyle(this).direction === "rtl";
    const steps = { ArrowLeft: isRightToLeft ? 1 : -1, ArrowRight: isRightToLeft ? -1 : 1 };
    event.stopPropagation();
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#turn(steps[event.key]);
  };
}

customElements.define("picture-viewer", PictureViewer);
