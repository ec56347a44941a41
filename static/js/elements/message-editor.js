// <message-editor>: the text of one's own message, to be changed where it stands.
// Called by: models/message-acts.js, which asks for it when somebody edits.
// Keeps true: what was typed is never lost to a refusal, nor to what others do with the message meanwhile; the text
//   saved is the one of the revision that was read, or the server says so. An editor whose row leaves the page is open
//   again when the row is back.
import { grow } from "parley/lib/fields";
import { clone } from "parley/lib/html";
import { get, post } from "parley/lib/http";
import { mayCall } from "parley/models/calling";

const left = new Map(); // what stood in editors whose rows have left the page, by message

class MessageEditor extends HTMLElement {
  #row;
  #revision = 0;
  #before = "";
  #ways;
  #isOver = false;
  #hasFocus = false;
  #isTouch = matchMedia("(pointer: coarse)");

  /** Fills itself with what the message says. `ways` are settle(answer) and say(words). */
  start(row, ways, kept = null) {
    this.#row = row;
    this.#ways = ways;
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.form.addEventListener("submit", this.#save);
    this.field.addEventListener("keydown", this.#pressed);
    this.field.addEventListener("input", () => grow(this.field));
    this.addEventListener("focusin", () => (this.#hasFocus = true));
    this.addEventListener("focusout", () => setTimeout(() => this.isConnected && (this.#hasFocus = this.matches(":focus-within"))));
    this.querySelector("[data-cancel]").addEventListener("click", () => this.close());
    if (!kept) return this.#fetch();
    this.#fill(kept);
    if (kept.hadFocus) setTimeout(() => this.field.focus({ preventScroll: true })); // after whatever came with the row
    return undefined;
  }

  disconnectedCallback() {
    if (this.#isOver || this.field.disabled) return;
    const { isThread, id } = placeOf(this.#row);
    left.set(id, { isThread, text: this.field.value, before: this.#before, revision: this.#revision, hadFocus: this.#hasFocus });
  }

  async #fetch() {
    try {
      const { message } = await get(`/messages/${this.#row.dataset.messageId}/`);
      this.#fill({ text: message.source, before: message.source, revision: message.revision });
      this.field.focus({ preventScroll: true });
      this.scrollIntoView({ block: "nearest" });
    } catch (error) {
      this.#say(error.message);
    }
  }

  #fill({ text, before, revision }) {
    this.#revision = revision;
    this.#before = before;
    this.field.value = text;
    this.field.disabled = false;
    grow(this.field);
  }

  close() {
    const row = this.#row;
    this.#isOver = true;
    left.delete(row.dataset.messageId);
    this.remove();
    const composer = document.querySelector("message-composer[data-main] textarea");
    if ("selected" in row.dataset) row.focus({ preventScroll: true });
    else if (!this.#isTouch.matches) composer?.focus({ preventScroll: true });
  }

  #pressed = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if ([...this.querySelectorAll("mention-list, emoji-list")].some((list) => list.takes?.(event))) return;
    const saves = event.key === "Enter" && !event.shiftKey && !event.altKey;
    if (event.key === "Escape") this.close();
    else if (saves && (!this.#isTouch.matches || event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #save = async (event) => {
    event.preventDefault();
    if (this.field.readOnly) return;
    this.field.readOnly = true;
    this.#say("");
    try {
      const { spaceId } = this.querySelector("mention-list").dataset;
      const fields = { text: this.field.value, revision: this.#revision };
      if (await mayCall(fields.text, `/spaces/${spaceId}/audience/`, this.#before)) await this.#send(fields);
    } catch (error) {
      // Whoever has been told, and seen the row above, may save again.
      if (error.code === "outdated") this.#revision = Number(this.#row.dataset.revision);
      this.#row.toggleAttribute("data-compare", error.code === "outdated");
      this.#say(error.message);
    }
    this.field.readOnly = false;
  };

  async #send(fields) {
    const answer = await post(`/messages/${this.#row.dataset.messageId}/edit/`, fields);
    this.#ways.settle(answer);
    this.close();
    if (answer.said) this.#ways.say(answer.said);
  }

  #say(sentence) {
    const line = this.querySelector("[data-sentence]");
    line.hidden = !sentence;
    line.textContent = sentence;
  }
}

customElements.define("message-editor", MessageEditor);

/** Opens the editor of a row, or goes to the one that is open. */
export function openEditor(row, ways, kept = null) {
  const open = row.querySelector("message-editor");
  if (open) {
    open.field.focus();
    return;
  }
  const editor = clone("message-editor");
  const list = editor.querySelector("mention-list");
  list.dataset.spaceId = row.closest("[data-space-id]")?.dataset.spaceId ?? document.querySelector("message-feed").space;
  const lists = { "mention-list": "edit-options", "emoji-list": "edit-emoji" };
  for (const [tag, id] of Object.entries(lists)) editor.querySelector(`${tag} [role=listbox]`).id = `${id}-${row.dataset.messageId}`;
  row.querySelector(".message__body").after(editor);
  editor.start(row, ways, kept);
}

/** Opens those again whose rows have come back; `open(row, kept)` opens one. */
export function reopen(open) {
  for (const [id, kept] of left) {
    const query = `${kept.isThread ? "thread" : "message"}-feed [data-message-id="${CSS.escape(id)}"][data-state=sent]`;
    const row = document.querySelector(query);
    if (!row || row.querySelector("message-editor")) continue;
    left.delete(id);
    open(row, kept);
  }
}

function placeOf(row) {
  return { id: row.dataset.messageId, isThread: row.id.startsWith("thread-") };
}
