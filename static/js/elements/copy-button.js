// <copy-button>: copies the field named by `data-for`, or the code that it stands beside.
// Called by: code blocks, invitation links.
// Keeps true: it says in words whether it worked. Why the second way: plain http has no clipboard.
import { copy } from "parley/lib/clipboard";
import { gettext } from "parley/lib/words";

const SAID_MS = 1600;

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#copy);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#copy);
  }

  #copy = async () => {
    const isDone = await copy(this.#text());
    if (isDone) this.#say(gettext("Copied"), "#i-check");
    else this.#say(gettext("Select it and copy by hand"), "#i-failed");
  };

  #text() {
    const field = this.dataset.for && document.getElementById(this.dataset.for);
    if (field) return field.value ?? field.textContent;
    return this.parentElement.querySelector("pre")?.textContent ?? "";
  }

  #say(words, icon) {
    const button = this.querySelector("button");
    this.dataset.name ??= button.getAttribute("aria-label") ?? button.textContent;
    const name = this.dataset.name;
    const shape = button.querySelector("use");
    const show = (text, shown) => {
      if (button.hasAttribute("aria-label")) button.setAttribute("aria-label", text);
      else button.lastChild.textContent = text;
      button.title = text;
      shape?.setAttribute("href", shown);
    };
    show(words, icon);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => show(name.trim(), "#i-copy"), SAID_MS);
  }
}

customElements.define("copy-button", CopyButton);
