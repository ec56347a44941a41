// <mention-list>: people, groups and models that fit the @ that is being typed.
// Called by: templates/chat/_composer.html; message-composer hands it the keys first.
// Keeps true: the text field keeps the focus; the list is told through aria-activedescendant; a stale answer is
//   never shown.
import { insertText } from "parley/lib/fields";
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { mentionAt } from "parley/lib/mention-query";
import { paint } from "parley/models/people";

const SHAPES = { member: "", ai_model: "avatar--square", group: "" };

class MentionList extends HTMLElement {
  #field;
  #list;
  #found = [];
  #active = 0;
  #mention = null;
  #dismissed = -1;
  #asking = null;
  #known = new Map();

  connectedCallback() {
    this.#list = this.querySelector("[role=listbox]");
    this.#field = this.closest("form").querySelector("textarea");
    this.#field.setAttribute("aria-autocomplete", "list");
    this.#field.setAttribute("aria-haspopup", "listbox");
    this.#field.setAttribute("aria-controls", this.#list.id);
    this.#field.addEventListener("input", this.#look);
    this.#field.addEventListener("click", this.#look);
    this.#field.addEventListener("blur", () => this.close());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", this.#clicked);
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  /** Takes a key if it means something to an open list; returns whether it did. */
  takes(event) {
    if (/^(Arrow|Home|End)/.test(event.key)) queueMicrotask(() => this.#caretMoved(event));
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (event.key === "ArrowDown") this.#go(1);
    else if (event.key === "ArrowUp") this.#go(-1);
    else if (event.key === "Escape") this.#dismiss();
    else if (event.key === "Tab" || (event.key === "Enter" && !this.#isWhole())) this.#choose(this.#active);
    else {
      if (event.key === "Enter") this.close(); // it is sent
      return false;
    }
    event.preventDefault();
    return true;
  }

  close() {
    this.#asking?.abort();
    this.#mention = null;
    this.#list.hidden = true;
    this.#field.removeAttribute("aria-activedescendant");
  }

  #look = async () => {
    const { value, selectionStart, selectionEnd } = this.#field;
    const mention = selectionStart === selectionEnd ? mentionAt(value, selectionStart) : null;
    if (!mention || mention.from === this.#dismissed) {
      if (!mention) this.#dismissed = -1;
      this.close();
      return;
    }
    this.#mention = mention;
    if (this.isOpen) this.#show(this.#found.filter((each) => fits(each, mention.query)));
    const found = await this.#ask(mention.query);
    if (found && this.#mention?.query === mention.query) this.#show(found);
  };

  async #ask(query) {
    this.#asking?.abort();
    if (this.#known.has(query)) return this.#known.get(query);
    this.#asking = new AbortController();
    try {
      const url = `/spaces/${this.dataset.spaceId}/mentionables/?q=${encodeURIComponent(query)}`;
      const { mentionables } = await get(url, { signal: this.#asking.signal });
      this.#known.set(query, mentionables);
      setTimeout(() => this.#known.delete(query), 60_000);
      return mentionables;
    } catch {
      return null;
    }
  }

  #show(found) {
    this.#found = found;
    if (!found.length) {
      const mention = this.#mention;
      this.close();
      this.#mention = mention;
      return;
    }
    this.#list.replaceChildren(...found.map((each, index) => option(each, index, this.#list)));
    this.#list.hidden = false;
    this.#activate(0);
  }

  #go(step) {
    this.#activate((this.#active + step + this.#found.length) % this.#found.length);
  }

  #activate(index) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const row = this.#list.children[index];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", row.id);
  }

  #choose(index) {
    const { handle } = this.#found[index];
    const { from } = this.#mention;
    const rest = this.#field.value.slice(this.#field.selectionStart);
    this.#field.setSelectionRange(from, this.#field.selectionStart);
    const text = `@${handle}${/^\s/.test(rest) ? "" : " "}`;
    insertText(this.#field, text);
    this.close();
    this.#field.focus();
  }

  #clicked = ({ target }) => {
    const row = target.closest("[role=option]");
    if (row) this.#choose([...this.#list.children].indexOf(row));
  };

  #dismiss() {
    this.#dismissed = this.#mention?.from ?? -1;
    this.close();
  }

  /** Arrows that were not taken by the list may have moved the caret out of the mention. */
  #caretMoved(event) {
    if (!event.defaultPrevented && this.isOpen) setTimeout(this.#look);
  }

  /** The handle is typed out in full, so Enter means to send. */
  #isWhole() {
    return this.#found[this.#active]?.handle.toLowerCase() === this.#mention?.query.toLowerCase();
  }
}

function option({ handle, name, kind, detail, id = "", picture = "" }, index, list) {
  const row = clone("mention-option");
  row.id = `${list.id}-${index}`;
  const box = row.querySelector(".avatar");
  box.dataset.tint = id;
  if (SHAPES[kind]) box.classList.add(SHAPES[kind]);
  paint(box, { initials: kind === "group" ? "@" : initials(name, kind), picture });
  row.querySelector("presence-mark").dataset.memberId = id;
  row.querySelector(".mentions__name").textContent = name;
  row.querySelector(".mentions__handle").textContent = `@${handle}`;
  row.querySelector(".mentions__detail").textContent = detail;
  return row;
}

function initials(name, kind) {
  const words = name.trim().split(/\s+/).slice(0, kind === "ai_model" ? 1 : 2);
  return words.map((word) => [...word][0] ?? "").join("").toUpperCase();
}

function fits({ handle, name }, query) {
  const words = [handle, ...name.split(/\s+/)];
  return words.some((word) => word.toLowerCase().startsWith(query.toLowerCase()));
}

customElements.define("mention-list", MentionList);
