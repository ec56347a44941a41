// <limit-news>: banners about limits; one that is put away goes without the page being left.
// Called by: templates/billing/_news.html; the live part in it brings new ones.
// Keeps true: it is gone here only once the server knows; until then, or without scripts, it is an ordinary form.
import { post } from "parley/lib/http";

class LimitNews extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    this.addEventListener("submit", this.#putAway, { signal: this.#life.signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #putAway = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      await post(form.action, { what: form.elements.what.value });
      form.closest("[data-row]")?.remove();
      document.getElementById("main")?.focus({ preventScroll: true });
    } catch {
      form.submit(); // the page that this leads to says why
    }
  };
}

customElements.define("limit-news", LimitNews);
