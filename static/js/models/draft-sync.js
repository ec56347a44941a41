// Keeps what stands in one composer in step with the server, and so with one's other devices.
// Called by: draft-keeper, which hands in how to read and show the text, and how to offer another one.
// Keeps true: the newest text wins; the one it takes the place of is offered, never dropped; what was written while
//   the server was away is told it later.
import { read, write } from "parley/lib/store";

const PAUSE_MS = 1000;
const AGAIN_MS = 8000;

export class DraftSync {
  #key;
  #save;
  #field;
  #offer;
  #note;
  #timer;
  #isSaving = false;
  #isOver = false;

  /** `field` has text() and show(text); `save({text, base})` resolves to {draft, other}; `note(at)` hears the base. */
  constructor({ key, field, save, offer, note }) {
    this.#key = `synced:${key}`;
    this.#field = field;
    this.#save = save;
    this.#offer = offer;
    this.#note = note;
  }

  /** What the server has: {text, at}, "" where it has none. `local`: what this browser kept. */
  start({ text, at }, local) {
    const synced = this.#synced;
    if (local === text) this.#settle({ text, at });
    else if (local === synced.text) this.#take({ text, at });
    else {
      // Written here and not told yet. What another device has said meanwhile is offered by the answer.
      if (local && local !== this.#field.text()) this.#field.show(local);
      this.#soon();
    }
  }

  end() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#isBehind) this.#tell();
  }

  get base() {
    return this.#synced.at;
  }

  typed() {
    this.#soon();
  }

  /** The text has become a message, and the server forgets its draft with it. */
  sent() {
    clearTimeout(this.#timer);
    this.#settle({ text: "", at: "" });
  }

  /** Another tab or device of one's own wrote. */
  heard({ text, at }) {
    if (text === this.#field.text()) this.#settle({ text, at });
    else if (!this.#isBehind) this.#take({ text, at });
    else if (text) this.#offer(text);
  }

  /** Shows another text; the one that stood there is offered in turn. */
  use(text) {
    const before = this.#field.text();
    this.#field.show(text);
    this.#soon();
    return before.trim() ? before : "";
  }

  get #isBehind() {
    return this.#field.text() !== this.#synced.text;
  }

  #soon(ms = PAUSE_MS) {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(() => this.#tell(), ms);
  }

  /** What was written while this went out is told after it: at once where nobody writes any longer. */
  async #tell() {
    const text = this.#field.text();
    if (this.#isSaving) return this.#soon();
    if (!this.#isBehind) return undefined;
    this.#isSaving = true;
    try {
      const { draft, other } = await this.#save({ text, base: this.base });
      this.#settle({ text: draft ? text : "", at: draft?.at ?? "" });
      if (other && other.text !== this.#field.text()) this.#offer(other.text);
      this.#isSaving = false;
      if (!this.#isBehind) return undefined;
      if (this.#isOver) return this.#tell();
      this.#soon();
    } catch (error) {
      if (!error.status) this.#soon(AGAIN_MS);
    } finally {
      this.#isSaving = false;
    }
    return undefined;
  }

  #take({ text, at }) {
    this.#settle({ text, at });
    if (text !== this.#field.text()) this.#field.show(text);
  }

  get #synced() {
    try {
      return JSON.parse(read(this.#key)) ?? { text: "", at: "" };
    } catch {
      return { text: "", at: "" };
    }
  }

  #settle({ text, at }) {
    this.#note(at);
    write(this.#key, text || at ? JSON.stringify({ text, at }) : "");
  }
}
