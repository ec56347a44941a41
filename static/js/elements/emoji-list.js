// <emoji-list>: emoji that fit the :shortcode that is being typed; one that is typed out, with its second colon, is
//   put in at once.
// Called by: templates/chat/_composer.html and the editor of a message, which hand it the keys first.
// Keeps true: the text field keeps the focus; the list is told through aria-activedescendant; the catalog is asked for
//   at the first shortcode, and once; Escape leaves what was typed.
import { called, emojiAt, matching, shown } from "parley/lib/emoji-query";
import { insertText } from "parley/lib/fields";
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { lately, remember } from "parley/models/emoji-lately";

let catalog = null;

class EmojiList extends HTMLElement {
  #life;
  #found = [];
  #active = 0;
  #typed = null;
  #dismissed = -1;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.list = this.querySelector("[role=listbox]");
    this.field = this.closest("form").querySelector("textarea");
    for (const type of ["input", "click", "compositionend"]) this.field.addEventListener(type, this.#look, { signal });
    this.field.addEventListener("blur", () => this.close(), { signal });
    this.list.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
    this.list.addEventListener("click", this.#clicked, { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Takes a key if it means something to an open list; returns whether it did. */
  takes(event) {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (event.key === "ArrowDown") this.#go(1);
    else if (event.key === "ArrowUp") this.#go(-1);
    else if (event.key === "Tab" || event.key === "Enter") this.#choose(this.#active);
    else if (event.key === "Escape") this.#dismiss();
    else return this.#moves(event.key);
    event.preventDefault();
    return true;
  }

  close() {
    if (!this.isOpen) return;
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Other arrows move the caret, and may move it away. */
  #moves(key) {
    if (/^(Arrow|Home|End)/.test(key)) setTimeout(() => this.#look());
    return false;
  }

  #look = async (event) => {
    if (event?.isComposing) return;
    const typed = this.#now();
    if (!typed || typed.from === this.#dismissed) {
      if (!typed) this.#dismissed = -1;
      this.close();
      return;
    }
    const rows = await known();
    const now = this.#now();
    if (now?.from !== typed.from || now.query !== typed.query || now.isClosed !== typed.isClosed) return;
    this.#typed = now;
    if (!now.isClosed) this.#show(matching(rows, now.query, lately()));
    else this.#whole(called(rows, now.query));
  };

  #now() {
    const { value, selectionStart, selectionEnd } = this.field;
    return selectionStart === selectionEnd ? emojiAt(value, selectionStart) : null;
  }

  #whole(row) {
    this.close();
    if (row) this.#insert(row[0], "");
  }

  #show(found) {
    this.#found = found;
    if (!found.length) return this.close();
    const { query } = this.#typed;
    this.list.replaceChildren(...found.map((row, index) => option(row, query, `${this.list.id}-${index}`)));
    this.list.hidden = false;
    this.field.setAttribute("aria-controls", this.list.id);
    this.#active = 0;
    return this.#go(0);
  }

  #go(step) {
    this.list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = (this.#active + step + this.#found.length) % this.#found.length;
    const row = this.list.children[this.#active];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", row.id);
  }

  #choose(index) {
    const rest = this.field.value.slice(this.field.selectionStart);
    this.#insert(this.#found[index][0], /^\s/.test(rest) ? "" : " ");
  }

  #insert(emoji, after) {
    this.close();
    this.field.setSelectionRange(this.#typed.from, this.field.selectionStart);
    insertText(this.field, emoji + after);
    remember(emoji);
  }

  #clicked = ({ target }) => {
    const row = target.closest("[role=option]");
    if (row) this.#choose([...this.list.children].indexOf(row));
  };

  #dismiss() {
    this.#dismissed = this.#typed.from;
    this.close();
  }
}

/** All rows of the catalog, or none while it cannot be had. */
async function known() {
  catalog ??= get("/emoji/").then(({ groups }) => groups.flatMap(({ emoji }) => emoji));
  try {
    return await catalog;
  } catch {
    catalog = null;
    return [];
  }
}

function option(row, query, id) {
  const line = clone("emoji-line");
  line.id = id;
  line.querySelector("[data-emoji]").textContent = row[0];
  line.querySelector("[data-name]").textContent = `:${shown(row, query)}:`;
  return line;
}

customElements.define("emoji-list", EmojiList);
