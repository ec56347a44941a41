// <passage-progress>: how far an import is, asked for now and then; another state loads the page afresh.
// Called by: templates/chat/passage.html.
import { get } from "parley/lib/http";

const EVERY_MS = 1500;

class PassageProgress extends HTMLElement {
  #timer;

  connectedCallback() {
    this.#timer = setInterval(this.#ask, EVERY_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  #ask = async () => {
    if (document.visibilityState === "hidden") return;
    try {
      const { state, done, total } = await get(this.dataset.url);
      if (state !== this.dataset.state) location.reload();
      const bar = this.querySelector("progress");
      if (total) {
        bar.max = total;
        bar.value = done;
      }
    } catch {
      // The next one may pass.
    }
  };
}

customElements.define("passage-progress", PassageProgress);
