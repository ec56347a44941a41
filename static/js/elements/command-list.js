// <command-list>: what a slash at the beginning offers, and what the command that was sent has answered.
// Called by: templates/chat/_commands.html; message-composer hands it the keys first and tells it before it sends.
// Keeps true: the text field keeps the focus; a command is never a message, and acts once however often it is sent
//   until it is answered; a refusal keeps the draft; what is no command of the list goes to the server, which knows.
import { clone } from "parley/lib/html";
import { get, post } from "parley/lib/http";
import { uuid } from "parley/lib/uuid";
import { CommandAnswer } from "parley/models/command-answer";
import { commandIn, looksLikeOne, matching, queryAt } from "parley/models/commands";

class CommandList extends HTMLElement {
  #life;
  #commands = null;
  #found = [];
  #active = 0;
  #dismissed = null;
  #isBusy = false;
  #goesOn = false; // no list has come: the server decides
  #hasRefused = false; // and says so over the field
  #asked = null; // {text, client_id} of what has had no answer yet

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.composer = this.closest("message-composer");
    this.field = this.composer.querySelector("textarea");
    this.list = this.querySelector("[data-commands]");
    this.answer = new CommandAnswer(this.querySelector("[data-answer]"));
    this.field.addEventListener("input", this.#look, { signal });
    this.field.addEventListener("blur", () => this.close(), { signal });
    this.list.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
    this.list.addEventListener("click", this.#clicked, { signal });
    this.composer.addEventListener("composer.typed", () => this.#forgive(), { signal });
    this.composer.addEventListener("composer.sending", this.#sending, { signal });
    this.composer.addEventListener("composer.noticed", ({ detail }) => this.answer.take(detail), { signal });
    this.composer.addEventListener("composer.sent", () => this.#hideAnswer(), { signal });
    this.querySelector("[data-close]").addEventListener("click", () => this.#hideAnswer(true), { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Takes a key if it means something here; returns whether it did. */
  takes(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (!this.isOpen) return event.key === "Escape" && this.answer.isShown && this.#take(event, () => this.#hideAnswer(true));
    if (event.key === "ArrowDown") return this.#take(event, () => this.#go(1));
    if (event.key === "ArrowUp") return this.#take(event, () => this.#go(-1));
    if (event.key === "Escape") return this.#take(event, () => this.#dismiss());
    const isWhole = this.field.value.trim() === `/${this.#found[this.#active].name}`;
    if (event.key === "Tab" || (event.key === "Enter" && !isWhole)) return this.#take(event, () => this.#choose(this.#active));
    return false;
  }

  close() {
    if (!this.isOpen) return;
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  // The list

  #look = async () => {
    const query = queryAt(this.field.value, this.field.selectionStart);
    if (query === null || query === this.#dismissed) {
      if (query === null) this.#dismissed = null;
      this.close();
      return;
    }
    const commands = await this.#known();
    if (queryAt(this.field.value, this.field.selectionStart) === query) this.#show(matching(commands, query));
  };

  /** Asked for at the first slash; a list that did not come is asked for again at the next. */
  async #known() {
    if (this.#commands) return this.#commands;
    try {
      this.#commands = (await get(`/spaces/${this.dataset.spaceId}/commands/`)).commands;
    } catch {
      return [];
    }
    return this.#commands;
  }

  #show(found) {
    this.#found = found;
    if (!found.length) return this.close();
    this.list.replaceChildren(...found.map((command, index) => option(command, `${this.list.id}-${index}`)));
    this.list.hidden = false;
    this.field.setAttribute("aria-controls", this.list.id);
    this.#active = 0;
    this.#go(0);
  }

  #go(step) {
    this.list.children[this.#active].setAttribute("aria-selected", "false");
    this.#active = (this.#active + step + this.#found.length) % this.#found.length;
    const row = this.list.children[this.#active];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", row.id);
  }

  #choose(index) {
    const { name, arguments: rest } = this.#found[index];
    this.close();
    this.#dismissed = name;
    this.field.setSelectionRange(0, this.field.selectionStart);
    this.composer.insert(`/${name}${rest ? " " : ""}`);
  }

  #clicked = ({ target }) => {
    const row = target.closest("[role=option]");
    if (row) this.#choose([...this.list.children].indexOf(row));
  };

  #dismiss() {
    this.#dismissed = queryAt(this.field.value, this.field.selectionStart) ?? "";
    this.close();
  }

  #take(event, deed) {
    event.preventDefault();
    deed();
    return true;
  }

  // Sending

  /** A command that answers does not become a message: it is asked for here, and what it says is shown here. */
  #sending = (event) => {
    const { text, fields } = event.detail;
    this.close();
    if (!this.#commands && !this.#goesOn && looksLikeOne(text)) {
      event.preventDefault();
      this.#sendAgain();
      return;
    }
    const command = commandIn(text, this.#commands ?? []);
    if (!command || command.writes) return;
    event.preventDefault();
    if (!this.#isBusy) this.#ask(text, fields);
  };

  /** What was pasted and sent at once is looked at when the list is here; without one the server decides. */
  async #sendAgain() {
    await this.#known();
    this.#goesOn = true;
    this.composer.form.requestSubmit();
    this.#goesOn = false;
  }

  async #ask(text, fields) {
    this.#isBusy = true;
    this.composer.ariaBusy = "true";
    this.#hideAnswer();
    try {
      if (this.#asked?.text !== text) this.#asked = { text, client_id: uuid() };
      const { notice } = await post(this.composer.form.action, { ...fields, ...this.#asked });
      this.#asked = null;
      if (this.field.value === text) this.composer.clear();
      this.#forgive();
      this.answer.take(notice);
    } catch (error) {
      this.composer.say(error.message);
      this.#hasRefused = true;
    }
    this.composer.ariaBusy = null;
    this.#isBusy = false;
  }

  /** What was wrong with a command is over once another is written. */
  #forgive() {
    if (this.#hasRefused) this.composer.say("");
    this.#hasRefused = false;
  }

  #hideAnswer(hasFocus = false) {
    this.answer.hide();
    if (hasFocus) this.composer.focusField();
  }
}

function option({ name, arguments: rest, words }, id) {
  const row = clone("command-option");
  row.id = id;
  row.querySelector("[data-name]").textContent = `/${name}`;
  row.querySelector("[data-arguments]").textContent = rest;
  row.querySelector("[data-words]").textContent = words;
  return row;
}

customElements.define("command-list", CommandList);
