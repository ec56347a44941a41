// <emoji-picker>: all emoji, searched by name, lately used ones first.
// Called by: models/message-acts.js, which asks for it when somebody reacts or writes an emoji.
// Keeps true: the search field keeps the focus and is told through aria-activedescendant; Escape picks nothing.
import { startOf } from "parley/lib/fields";
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { lately, remember } from "parley/models/emoji-lately";

const FOUND_MAX = 96;

class EmojiPicker extends HTMLElement {
  #groups = [];
  #known = new Map();
  #active = null;
  #picked = null;
  #ready; // Enter pressed before the list has come is meant for what it will say

  connectedCallback() {
    this.field = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.field.addEventListener("input", () => this.#search());
    this.field.addEventListener("keydown", this.#pressed);
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")));
    this.list.addEventListener("pointermove", ({ target }) => this.#activate(target.closest("[role=option]"), false));
  }

  /** Resolves to the emoji that was picked, or null. */
  async ask(anchor) {
    this.#picked = null;
    const over = new Promise((done) => this.addEventListener("toggle", ({ newState }) => newState === "closed" && done()));
    this.showPopover();
    this.#lay(anchor);
    this.field.focus();
    this.#ready = this.#load();
    await over;
    this.remove();
    if (this.#picked) remember(this.#picked);
    return this.#picked;
  }

  async #load() {
    try {
      this.#groups = (await get("/emoji/")).groups;
      for (const { emoji } of this.#groups) for (const row of emoji) this.#known.set(row[0], row);
      this.#search();
    } catch (error) {
      this.list.textContent = error.message;
    }
  }

  #lay(anchor) {
    const { bottom, top, right } = anchor.getBoundingClientRect();
    const { offsetHeight, offsetWidth } = this;
    const below = bottom + 4 + offsetHeight < innerHeight ? bottom + 4 : Math.max(8, top - offsetHeight - 4);
    this.style.setProperty("--at-top", `${below}px`);
    const left = Math.max(8, Math.min(right, innerWidth - 8) - offsetWidth);
    this.style.setProperty("--at-start", `${startOf(left, offsetWidth)}px`);
  }

  #search() {
    const wanted = this.field.value.trim().toLowerCase().replaceAll(/[:_]/g, " ").trim();
    const shown = wanted ? [["", this.#found(wanted)]] : [["", this.#lately()], ...this.#groups.map(({ name, emoji }) => [name, emoji])];
    this.list.replaceChildren(...shown.filter(([, rows]) => rows.length).flatMap(([name, rows]) => this.#part(name, rows)));
    this.querySelector("[data-none]").hidden = !wanted || shown[0][1].length > 0;
    this.#activate(this.list.querySelector("[role=option]"));
  }

  #found(wanted) {
    const rows = [...this.#known.values()].filter((row) => row.some((words) => words.toLowerCase().includes(wanted)));
    const rank = (row) => (row.slice(1).some((words) => words.toLowerCase().startsWith(wanted)) ? 0 : 1);
    return rows.sort((a, b) => rank(a) - rank(b)).slice(0, FOUND_MAX);
  }

  #lately() {
    return lately().map((emoji) => this.#known.get(emoji)).filter(Boolean);
  }

  #part(name, rows) {
    const part = clone("emoji-part");
    const heading = part.querySelector("[data-heading]");
    heading.textContent = this.querySelector(`[data-group="${name || "recent"}"]`)?.textContent ?? "";
    heading.hidden = !name && Boolean(this.field.value);
    const grid = part.querySelector("[data-grid]");
    grid.append(...rows.map(([emoji, english, , chinese]) => {
      const option = clone("emoji-option");
      option.id = `emoji-${name}-${[...emoji].map((each) => each.codePointAt(0).toString(16)).join("-")}`;
      option.textContent = emoji;
      option.dataset.emoji = emoji;
      option.ariaLabel = document.documentElement.lang.startsWith("zh") && chinese ? chinese : english;
      option.title = option.ariaLabel;
      return option;
    }));
    return [part];
  }

  #pressed = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns }[event.key];
    if (event.key === "Enter") this.#ready.then(() => this.#take(this.#active));
    else if (step && !(Math.abs(step) === 1 && this.field.value)) this.#go(step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  get #columns() {
    const grid = this.#active?.parentElement;
    return grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
  }

  #go(step) {
    const options = [...this.list.querySelectorAll("[role=option]")];
    const to = options.indexOf(this.#active) + step;
    this.#activate(options[Math.max(0, Math.min(options.length - 1, to))]);
  }

  #activate(option, scrolls = true) {
    if (!option) return;
    this.#active?.setAttribute("aria-selected", "false");
    this.#active = option;
    option.setAttribute("aria-selected", "true");
    if (scrolls) option.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", option.id);
    this.querySelector("[data-name]").textContent = option.title;
  }

  #take(option) {
    if (!option) return;
    this.#picked = option.dataset.emoji;
    this.hidePopover();
  }
}

customElements.define("emoji-picker", EmojiPicker);

/** Asks for an emoji beside an element; resolves to it or to null. */
export function pick(anchor) {
  const picker = clone("emoji-picker");
  document.body.append(picker);
  return picker.ask(anchor);
}
