// <forward-dialog>: asks where a message goes, and what one says to it.
// Called by: models/message-acts.js, which asks for it when somebody forwards; its markup is
//   templates/chat/_forward_dialog.html.
// Keeps true: the field keeps the focus and says what is chosen (combobox with a listbox); Enter chooses, and then
//   sends; what was typed stays when the server refuses; the same, sent again, is posted once.
import { ranked } from "parley/lib/fuzzy";
import { clone } from "parley/lib/html";
import { get, post } from "parley/lib/http";
import { uuid } from "parley/lib/uuid";
import { gettext } from "parley/lib/words";
import { mayCall } from "parley/models/calling";

const SHOWN_MAX = 8;
const ICONS = { public: "i-hash", private: "i-lock", direct: "i-people" };

class ForwardDialog extends HTMLElement {
  #entries = [];
  #found = [];
  #at = 0;
  #to = null;
  #attempt = { said: null, id: null };
  #done = null;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.field = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.note = this.querySelector("textarea");
    this.field.addEventListener("input", () => this.#show());
    this.field.addEventListener("keydown", this.#pressed);
    this.note.addEventListener("keydown", this.#noted);
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => this.#choose(this.#found[target.closest("[role=option]")?.dataset.place]));
    this.querySelector("[data-change]").addEventListener("click", () => this.#choose(null));
    this.querySelector("form").addEventListener("submit", this.#send);
    this.dialog.addEventListener("click", ({ target }) => (target === this.dialog || target.closest("[data-close]")) && this.dialog.close());
    this.dialog.addEventListener("close", () => this.remove());
  }

  /** Resolves to the name of where the message was sent to, or to null. */
  async ask(row) {
    this.path = `/messages/${row.dataset.messageId}/forward/`;
    this.querySelector("[data-by]").textContent = row.querySelector(".message__by").textContent;
    this.querySelector("[data-excerpt]").textContent = row.querySelector(".message__body").textContent.trim().slice(0, 200);
    const over = new Promise((done) => this.dialog.addEventListener("close", done, { once: true }));
    this.dialog.showModal();
    this.field.focus();
    this.#load();
    await over;
    return this.#done;
  }

  async #load() {
    try {
      const { spaces, people } = await get(this.path);
      const me = document.body.dataset.memberId;
      const places = spaces.map(({ id, name, kind }) => ({ names: [name], icon: ICONS[kind], note: "", fields: { space: id }, weight: 40 }));
      const faces = people.map(({ id, name, handle }) => ({ names: [name, handle], icon: "i-people", note: id === me ? gettext("Notes to yourself") : `@${handle}`, fields: { member: id } }));
      this.#entries = [...places, ...faces];
      this.#show();
    } catch (error) {
      this.querySelector("[data-words]").textContent = error.message;
    }
  }

  #show() {
    const typed = this.field.value;
    this.#found = (typed.trim() ? ranked(typed, this.#entries) : this.#entries).slice(0, SHOWN_MAX);
    this.list.replaceChildren(...this.#found.map(option));
    this.querySelector("[data-words]").textContent = this.#found.length ? "" : gettext("Nothing has a name like that.");
    this.#go(0);
  }

  #go(place) {
    const rows = [...this.list.children];
    this.#at = rows.length ? (place + rows.length) % rows.length : 0;
    rows.forEach((each, at) => (each.ariaSelected = String(at === this.#at)));
    rows[this.#at]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", rows[this.#at]?.id ?? "");
  }

  #pressed = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#go(this.#at + steps[event.key]);
    else if (event.key === "Enter") this.#choose(this.#found[this.#at]);
    else return;
    event.preventDefault();
  };

  /** Puts what is chosen in the place of the search; null takes it back. */
  #choose(entry) {
    if (entry === undefined) return;
    this.#to = entry;
    const chosen = this.querySelector("[data-chosen]");
    for (const part of [this.querySelector("[data-search]"), this.list]) part.hidden = Boolean(entry);
    for (const part of [chosen, this.querySelector("[data-rest]")]) part.hidden = !entry;
    if (entry) {
      chosen.querySelector("use").setAttribute("href", `#${entry.icon}`);
      chosen.querySelector("[data-name]").textContent = entry.names[0];
    }
    (entry ? this.note : this.field).focus();
  }

  #noted = (event) => {
    if (event.isComposing || event.keyCode === 229 || event.key !== "Enter" || event.shiftKey) return;
    const always = event.ctrlKey || event.metaKey;
    if (!always && (matchMedia("(pointer: coarse)").matches || document.body.dataset.enter === "line")) return;
    event.preventDefault();
    if (!event.repeat) this.querySelector("form").requestSubmit();
  };

  #send = async (event) => {
    event.preventDefault();
    if (!this.#to || this.ariaBusy) return;
    this.ariaBusy = "true";
    this.#say("");
    try {
      const to = this.#to;
      const fields = { ...to.fields, note: this.note.value };
      if (!to.fields.space || (await mayCall(fields.note, `/spaces/${to.fields.space}/audience/`))) {
        await post(this.path, { ...fields, client_id: this.#idOf(fields) });
        this.#done = to.names[0];
        this.dialog.close();
      }
    } catch (error) {
      this.#say(error.message);
    }
    this.ariaBusy = null;
  };

  /** One for all attempts at the same: an answer may be lost after it was posted. Another place or note is new. */
  #idOf(fields) {
    const said = JSON.stringify(fields);
    if (said !== this.#attempt.said) this.#attempt = { said, id: uuid() };
    return this.#attempt.id;
  }

  #say(sentence) {
    const line = this.querySelector("[data-sentence]");
    line.hidden = !sentence;
    line.textContent = sentence;
  }
}

function option(entry, place) {
  const row = clone("switcher-option");
  row.id = `forward-${place}`;
  row.dataset.place = place;
  row.querySelector("use").setAttribute("href", `#${entry.icon}`);
  row.querySelector("[data-name]").textContent = entry.names[0];
  row.querySelector("[data-note]").textContent = entry.note;
  return row;
}

customElements.define("forward-dialog", ForwardDialog);

/** Asks where the message of a row goes, and sends it there; resolves to the name of the place, or to null. */
export function forward(row) {
  const dialog = clone("forward-dialog");
  document.body.append(dialog);
  return dialog.ask(row);
}
