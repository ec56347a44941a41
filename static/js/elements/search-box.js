// <search-box>: the field in the sidebar that finds messages; "/" leads to it from anywhere.
// Called by: templates/_sidebar.html.
// Keeps true: it is a plain form; a drawer that is closed is opened first.
import { gettext } from "parley/lib/words";
import { shortcut } from "parley/models/shortcuts";

class SearchBox extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    shortcut("/", { label: gettext("Search"), run: this.#focus, anywhere: true, signal });
    this.addEventListener("keydown", ({ key }) => key === "Escape" && this.querySelector("input").blur(), { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #focus = (event) => {
    event.preventDefault();
    const drawer = this.closest("[popover]");
    if (!this.checkVisibility()) drawer?.showPopover();
    this.querySelector("input").select();
  };
}

customElements.define("search-box", SearchBox);
