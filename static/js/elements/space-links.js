// <space-links>: the Spaces in the sidebar, and the name of the current one, as they change.
// Called by: templates/_sidebar.html. Keeps true: a Space that one lost leaves the list; the page of it says so.
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

class SpaceLinks extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    connection.on("space.changed", this.#change, this.#life.signal);
    connection.on("space.removed", this.#remove, this.#life.signal);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #change = ({ space, name, private: isPrivate }) => {
    const link = this.#link(space);
    if (link) rename(link, { name, isPrivate, at: "[data-name]", word: "[data-private]" });
    if (!link?.hasAttribute("aria-current")) return;
    const title = document.querySelector("[data-space-name]")?.closest("h1");
    if (!title) return;
    rename(title, { name, isPrivate, at: "[data-space-name]", word: "[data-space-private]" });
    document.title = [name, ...document.title.split(" · ").slice(-2)].join(" · ");
    document.querySelector("[role=log]")?.setAttribute("aria-label", gettext("Messages in {name}", { name }));
  };

  #remove = ({ space }) => {
    const link = this.#link(space);
    if (link?.hasAttribute("aria-current")) location.reload();
    else link?.closest("li").remove();
  };

  #link(space) {
    return this.querySelector(`a[data-space-id="${CSS.escape(space)}"]`);
  }
}

function rename(row, { name, isPrivate, at, word }) {
  row.querySelector(at).textContent = name;
  row.querySelector(word).textContent = isPrivate ? gettext(", private") : "";
  row.querySelector("use")?.setAttribute("href", isPrivate ? "#i-lock" : "#i-hash");
}

customElements.define("space-links", SpaceLinks);
