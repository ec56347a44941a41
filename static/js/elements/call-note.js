// <call-note>: whom @here and @space will reach, said while one writes, and asked before it reaches many.
// Called by: templates/chat/_composer.html, inside a composer. Keeps true: who says no keeps the text.
import { agreed, audience, largest, sentence } from "parley/models/calling";

const FRESH_MS = 20_000;

class CallNote extends HTMLElement {
  #life;
  #asked = null;
  #askedAt = 0;
  #shown = "";

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    const composer = this.closest("message-composer");
    composer.addEventListener("composer.typed", ({ detail }) => this.#look(detail.text), { signal });
    composer.addEventListener("composer.sending", this.#sending, { signal });
    composer.addEventListener("composer.sent", () => this.#look(""), { signal });
    this.#look(composer.querySelector("textarea").value);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  async #look(text) {
    const group = largest(text);
    if (group === this.#shown) return;
    this.#shown = group;
    const told = group && (await this.#audience());
    if (this.#shown !== group) return;
    this.hidden = !told;
    this.toggleAttribute("data-refused", Boolean(told && !told.may));
    this.querySelector("[data-words]").textContent = told ? sentence(group, told) : "";
  }

  /** How many there are, asked at most now and then; null when nobody can say. */
  #audience() {
    if (Date.now() - this.#askedAt > FRESH_MS) {
      this.#askedAt = Date.now();
      this.#asked = audience(this.dataset.url, { signal: this.#life.signal }).then((told) => {
        if (!told) this.#askedAt = 0;
        return told;
      });
    }
    return this.#asked;
  }

  #sending = (event) => {
    const group = largest(event.detail.text);
    if (group) event.detail.waitUntil(this.#confirm(group, event));
  };

  /** Where one may not call everybody, the server says so; what somebody else has taken (a command) calls nobody. */
  async #confirm(group, event) {
    await null; // all have heard of it
    if (event.defaultPrevented) return;
    if (!(await agreed(group, await this.#audience()))) throw new Error("");
  }
}

customElements.define("call-note", CallNote);
