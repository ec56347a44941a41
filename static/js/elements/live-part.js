// <live-part>: a part of a page that is fetched again when a frame says that it changed.
// Called by: pages whose rows change while one looks, as data-frame (or several), data-space-id,
//   data-url.
// Keeps true: what is being typed in it is not lost: it waits until that is sent or left.
import { fragment } from "parley/lib/html";
import { page } from "parley/lib/http";
import { connection } from "parley/models/connection";

const SPREAD_MS = 800; // all come back in the same moment

class LivePart extends HTMLElement {
  #life;
  #isStale = false;
  #asking = null;
  #wasAway = false;
  #booked = null;

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const { frame, spaceId: space } = this.dataset;
    const hear = (told) => (!space || told.space === space) && this.refresh();
    for (const type of frame.split(" ")) connection.on(type, hear, signal);
    connection.on("doubt", () => this.refresh(), signal);
    connection.on("state", this.#stateChanged, signal);
    if (space) {
      connection.subscribe(space);
      signal.addEventListener("abort", () => connection.unsubscribe(space));
    }
    const again = () => setTimeout(() => this.#isStale && this.refresh());
    this.addEventListener("focusout", again, { signal });
    this.addEventListener("toggle", again, { capture: true, signal });
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#asking?.abort();
    clearTimeout(this.#booked);
  }

  async refresh() {
    this.#isStale = this.#isBusy;
    if (this.#isStale) return;
    this.#asking?.abort(); // what it would bring is older
    const { signal } = (this.#asking = new AbortController());
    try {
      const { html } = await page(this.dataset.url, { signal });
      const fresh = fragment(html).querySelector(`live-part[data-url="${CSS.escape(this.dataset.url)}"]`);
      if (!fresh || signal.aborted) return;
      this.#isStale = this.#isBusy;
      if (this.#isStale) return;
      const focused = this.contains(document.activeElement) && document.activeElement.getAttribute("href");
      this.replaceChildren(...fresh.childNodes);
      if (focused) this.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    } catch {
      if (!signal.aborted) this.#isStale = true;
    }
  }

  /** What changed while there was no connection was told to nobody. */
  #stateChanged = () => {
    if (connection.state === "open" && this.#wasAway) {
      clearTimeout(this.#booked);
      this.#booked = setTimeout(() => this.refresh(), Math.random() * SPREAD_MS);
    }
    this.#wasAway = connection.state === "away";
  };

  /** Whether somebody writes in it, or has opened something to change it. */
  get #isBusy() {
    if (this.querySelector("details[open]")) return true;
    const fields = [...this.querySelectorAll("textarea, input:not([type=hidden])")];
    return fields.some((field) => field.value !== field.defaultValue || field === document.activeElement && field.value);
  }
}

customElements.define("live-part", LivePart);
