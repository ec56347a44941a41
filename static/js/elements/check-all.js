// <check-all>: ticks all the boxes of its form that bear one of the names, or none of them.
// Called by: templates/chat/_passage_preview.html.
// Keeps true: what cannot be chosen stays as it is.

class CheckAll extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    this.addEventListener("click", this.#clicked, { signal: this.#life.signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #clicked = ({ target }) => {
    const button = target.closest("[data-all], [data-none]");
    if (!button) return;
    const names = this.dataset.name.split(" ");
    for (const box of this.closest("form").querySelectorAll("input[type=checkbox]:not(:disabled)")) {
      if (names.includes(box.name)) box.checked = "all" in button.dataset;
    }
  };
}

customElements.define("check-all", CheckAll);
