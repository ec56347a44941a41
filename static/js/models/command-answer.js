// What a command has answered: said over the composer, or a page that it leads to.
// Called by: command-list.
import { clone } from "parley/lib/html";
import { gettext } from "parley/lib/words";

export class CommandAnswer {
  #box;

  constructor(box) {
    this.#box = box;
  }

  get isShown() {
    return !this.#box.hidden;
  }

  take(notice) {
    if (notice.goto && notice.beside) document.dispatchEvent(new CustomEvent("panel.open", { detail: { url: notice.goto } }));
    else if (notice.goto) location.assign(notice.goto);
    else this.#tell(notice);
  }

  hide() {
    this.#box.hidden = true;
  }

  #tell({ sentence, lines }) {
    this.#box.querySelector("[data-words]").textContent = sentence || gettext("Done.");
    this.#box.querySelector("[data-lines]").replaceChildren(...lines.map(line));
    this.#box.hidden = false;
  }
}

function line([what, words]) {
  const row = clone("answer-line");
  row.querySelector("[data-what]").textContent = what;
  row.querySelector("[data-words]").textContent = words;
  return row;
}
