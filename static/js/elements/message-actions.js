// <message-actions>: the bar over the message that one points at, its menu, and the keys of a selected message.
// Called by: templates/chat/_message_actions.html, which is the table of actions: a line with data-action is done by
//   models/message-acts.js, one with data-href is a link, one with data-post is posted; data-when says on which
//   messages, data-key by which key.
// Keeps true: there is one bar, moved from row to row; nothing of it is in the messages that the server sends.
import { startOf } from "parley/lib/fields";
import { gettext } from "parley/lib/words";
import { Acts } from "parley/models/message-acts";
import { RowSelection } from "parley/models/row-selection";
import { shortcut } from "parley/models/shortcuts";

const ROW = "[data-message-id]:not([data-state=deleted])";
const LONG_PRESS_MS = 450;

class MessageActions extends HTMLElement {
  #life;
  #row = null;
  #pressing;
  #saidTimer;
  #isHeld = false; // a finger that opened the menu is still down, or has just been lifted
  #selection = new RowSelection(ROW);
  #acts = new Acts(this);

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.bar = this.querySelector("[data-bar]");
    this.menu = this.querySelector("[data-menu]");
    const on = (type, hear, options) => document.addEventListener(type, hear, { signal, ...options });
    on("pointerover", this.#pointed);
    on("focusin", ({ target }) => this.#show(target.closest?.(ROW)));
    on("pointerdown", this.#pressed);
    for (const type of ["pointerup", "pointercancel", "scroll"]) on(type, () => clearTimeout(this.#pressing), { capture: true });
    on("contextmenu", this.#held);
    on("keydown", this.#keyed);
    on("pointerup", this.#lifted);
    on("click", this.#released, { capture: true });
    on("click", this.#clicked);
    on("rows.shown", () => this.#acts.reopen());
    this.menu.addEventListener("keydown", this.#walk, { signal });
    this.menu.addEventListener("toggle", ({ newState }) => newState === "closed" && this.#closed(), { signal });
    this.#register(signal);
  }

  disconnectedCallback() {
    this.#life.abort();
    this.bar.remove();
  }

  /** Says quietly what was done. */
  say(words) {
    const line = this.querySelector(":scope > [role=status]");
    line.textContent = words;
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => (line.textContent = ""), 4000);
  }

  /** Does what a line of the table says, on a row. */
  run(action, row) {
    return this.#acts.run(action, row);
  }

  #register(signal) {
    const when = () => Boolean(this.#selection.row);
    const select = { group: "messages", when: () => this.#selection.mayMove, signal };
    shortcut("j", { ...select, label: gettext("Next message"), run: () => this.#selection.move(1) });
    shortcut("k", { ...select, label: gettext("Message before"), run: () => this.#selection.move(-1) });
    const arrows = { group: "messages", when, signal };
    shortcut("ArrowDown", { ...arrows, run: () => this.#selection.move(1) });
    shortcut("ArrowUp", { ...arrows, run: () => this.#selection.move(-1) });
    for (const line of this.menu.querySelectorAll("[data-key]")) {
      const fits = () => when() && this.#acts.fits(line, this.#selection.row);
      const label = line.querySelector("[data-label]").textContent;
      const run = () => this.#do(line, this.#selection.row);
      shortcut(line.dataset.key.split(" "), { label, group: "messages", when: fits, run, signal });
    }
    const edit = { label: gettext("Edit your last message"), group: "writing", when: () => false, signal };
    shortcut("ArrowUp", edit);
  }

  // The bar

  #pointed = ({ target, pointerType }) => {
    if (pointerType !== "touch" && !this.menu.matches(":popover-open")) this.#show(target.closest?.(ROW));
  };

  #show(row) {
    if (row === this.#row && this.bar.isConnected) return;
    if (!row || row.querySelector("message-editor")) return;
    this.#row = row;
    this.#fit(this.bar);
    row.append(this.bar);
    this.bar.hidden = false;
  }

  /** Shows the lines that fit the message, and points them at it. */
  #fit(list) {
    for (const line of list.querySelectorAll("[data-action], [data-href], [data-post]")) {
      line.hidden = !this.#acts.fits(line, this.#row);
      if (line.dataset.href) line.href = line.dataset.href.replace("{id}", this.#row.dataset.messageId);
    }
  }

  // The menu

  async open(row, at = null) {
    this.#row = row;
    await this.#acts.learn();
    this.#fit(this.menu);
    this.menu.showPopover();
    this.#lay(at ?? this.bar.querySelector("[data-action=more]"));
    this.menu.querySelector("[role=menuitem]:not([hidden])")?.focus({ preventScroll: true });
  }

  /** Beside what opened it, within the window; narrow screens show it as a sheet from below (CSS). */
  #lay(button) {
    const { bottom, top, right } = button.getBoundingClientRect();
    const { offsetHeight, offsetWidth } = this.menu;
    const below = bottom + offsetHeight < innerHeight ? bottom : Math.max(8, top - offsetHeight);
    this.menu.style.setProperty("--at-top", `${below}px`);
    this.menu.style.setProperty("--at-start", `${startOf(Math.max(8, right - offsetWidth), offsetWidth)}px`);
  }

  #closed() {
    if (this.menu.contains(document.activeElement) || document.activeElement === document.body) this.#selection.focusAgain();
  }

  #walk = (event) => {
    const lines = [...this.menu.querySelectorAll("[role=menuitem]:not([hidden])")];
    const at = lines.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    lines.at(to % lines.length).focus();
  };

  // What is done

  #clicked = (event) => {
    const line = event.target.closest("[data-action], [data-post], [data-href]");
    if (line?.dataset.action === "more") this.open(this.#row, line);
    else if (line && (this.bar.contains(line) || this.menu.contains(line))) {
      if (this.menu.matches(":popover-open")) this.menu.hidePopover();
      if (!line.dataset.href) this.#do(line, this.#row);
    } else if (event.target.closest("[data-emoji]")) this.#acts.insertEmoji(event.target.closest("[data-emoji]"));
  };

  #do(line, row) {
    this.#row = row;
    if (line.dataset.href) {
      line.href = line.dataset.href.replace("{id}", row.dataset.messageId);
      line.click();
    } else if (line.dataset.post) this.#acts.post(line, row);
    else this.#acts.run(line.dataset.action, row);
  }

  /** Up in an empty composer edits one's last message; Escape gives up the selection. */
  #keyed = (event) => {
    if (event.key === "Escape" && this.#selection.row && !this.menu.matches(":popover-open")) this.#selection.clear();
    if (event.key !== "ArrowUp" || event.defaultPrevented || event.altKey || event.shiftKey || event.ctrlKey) return;
    const composer = event.target.closest?.("message-composer");
    if (!composer || event.target.value || event.target.localName !== "textarea") return;
    const rows = document.getElementById(composer.dataset.feed)?.querySelectorAll("[data-mine][data-state=sent]");
    if (!rows?.length) return;
    event.preventDefault();
    this.#acts.run("edit", rows[rows.length - 1]);
  };

  #pressed = (event) => {
    this.#isHeld = false;
    const row = event.target.closest?.(ROW);
    if (!this.bar.contains(event.target)) this.#selection.clear();
    if (!row || event.pointerType !== "touch" || event.target.closest("a, button, textarea, pre")) return;
    clearTimeout(this.#pressing);
    this.#pressing = setTimeout(() => {
      this.#isHeld = true;
      this.open(row, row);
    }, LONG_PRESS_MS);
  };

  /** The browser takes the release for a press beside the menu, and closes it. */
  #lifted = () => {
    if (this.#isHeld) requestAnimationFrame(() => this.menu.matches(":popover-open") || this.open(this.#row, this.#row));
  };

  /** Lifting the finger that opened the menu chooses nothing of what came under it. */
  #released = (event) => {
    if (!this.#isHeld || !event.isTrusted || !event.detail) return; // a key's click, or a script's
    this.#isHeld = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  /** The browser's own menu would lie over ours. */
  #held = (event) => {
    if (event.pointerType === "touch" && event.target.closest?.(ROW) && !event.target.closest("a, img")) event.preventDefault();
  };
}

customElements.define("message-actions", MessageActions);
