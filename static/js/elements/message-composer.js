// <message-composer>: writes a message and keeps the draft. There may be several on a page, each with a form, a draft
//   (data-draft) and a feed (data-feed, an id) of its own; `data-main` takes what is typed while nothing has the focus.
// Called by: templates/chat/_composer.html. Others join in by its events, which bubble: composer.typed {text};
//   composer.sending {text, fields, waitUntil(promise)}, which can be cancelled; composer.sent {fields};
//   composer.refused {fields}; composer.noticed {sentence, lines, goto}; and composer.insert {text}, which it listens to.
// Keeps true: nothing typed is lost: not by a reload, a refusal, a lost connection or a second press of Enter.
import { beginsText, extraFields, grow, insertText } from "parley/lib/fields";
import { post } from "parley/lib/http";
import { Composing } from "parley/models/composing";
import { Drafts } from "parley/models/drafts";
import { TextLimit } from "parley/models/text-limit";

const SAVE_MS = 250;

class MessageComposer extends HTMLElement {
  #life;
  #composing;
  #drafts;
  #limit;
  #saving;
  #isTouch = matchMedia("(pointer: coarse)");

  async connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.feed = document.getElementById(this.dataset.feed);
    this.#drafts = new Drafts({ member: document.body.dataset.memberId, space: this.dataset.draft ?? this.dataset.spaceId });
    if (!this.field.value) this.field.value = this.#drafts.text;
    this.#limit = new TextLimit({ field: this.field, box: this.querySelector("[data-count]"), limit: Number(this.dataset.limit) });
    this.#listen(signal);
    this.#changed();
    if ("main" in this.dataset && !this.#isTouch.matches && !location.hash) this.focusField();
    if (this.feed) await customElements.whenDefined(this.feed.localName);
    if (this.feed && !signal.aborted) this.#follow(signal);
  }

  disconnectedCallback() {
    this.#save();
    this.#life.abort();
  }

  /** Puts a piece of text where the caret is. */
  insert(text) {
    insertText(this.field, text);
  }

  clear() {
    this.field.value = "";
    this.#save();
    this.#typed();
  }

  focusField() {
    this.field.focus({ preventScroll: true });
  }

  #listen(signal) {
    this.form.noValidate = true;
    this.form.addEventListener("submit", this.#submitted, { signal });
    this.field.addEventListener("input", this.#typed, { signal });
    this.field.addEventListener("keydown", this.#pressed, { signal });
    this.addEventListener("composer.insert", ({ detail }) => this.insert(detail.text), { signal });
    if ("main" in this.dataset) document.addEventListener("keydown", this.#typedElsewhere, { signal });
    addEventListener("pagehide", this.#save, { signal });
  }

  #follow(signal) {
    this.#composing = new Composing({
      feed: this.feed,
      drafts: this.#drafts,
      send: ({ clientId, text, fields }) => post(this.form.action, { ...fields, text, client_id: clientId }),
      say: (sentence, liftedAt) => this.say(sentence, liftedAt),
      giveBack: (text) => this.#takeBack(text),
    });
    this.#composing.addEventListener("refused", ({ detail }) => this.#tell("composer.refused", detail.item));
    this.#composing.addEventListener("noticed", ({ detail }) => this.#tell("composer.noticed", detail));
    this.#composing.start(signal);
    this.feed.addEventListener("click", this.#suggested, { signal });
    this.feed.addEventListener("pending.discard", () => this.focusField(), { signal });
  }

  // Writing

  #typed = () => {
    this.#changed();
    this.#tell("composer.typed", { text: this.field.value });
  };

  #changed() {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(this.#save, SAVE_MS);
    this.#limit.show();
    grow(this.field);
  }

  #save = () => {
    clearTimeout(this.#saving);
    this.#drafts.text = this.field.value;
  };

  #pressed = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if ([...this.querySelectorAll("mention-list, emoji-list, command-list")].some((list) => list.takes?.(event))) return;
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    const always = event.ctrlKey || event.metaKey;
    if (!always && (this.#isTouch.matches || document.body.dataset.enter === "line")) return;
    event.preventDefault();
    if (!event.repeat) this.form.requestSubmit();
  };

  #typedElsewhere = (event) => {
    if (!beginsText(event)) return;
    this.focusField();
    if (event.key === "/") event.preventDefault();
  };

  #suggested = ({ target }) => {
    const button = target.closest("[data-insert]");
    if (button) this.insert(button.dataset.insert);
  };

  // Sending

  #submitted = async (event) => {
    event.preventDefault();
    const text = this.field.value;
    if (this.field.readOnly || !this.#fits()) return;
    const fields = extraFields(this.form);
    const waits = [];
    const waitUntil = (promise) => waits.push(promise) && promise.catch(() => {}); // told where it is waited for
    if (!this.#tell("composer.sending", { text, fields, waitUntil })) return;
    if (waits.length && !(await this.#wait(waits))) return;
    if (!text.trim() && !fields.file) return;
    const { draft } = extraFields(this.form);
    if (draft) fields.draft = draft; // it may have been kept anew meanwhile
    if (this.isConnected) this.#send(text, fields, { isFocused: true });
    else (this.#heir ?? this).#send(text, fields);
  };

  /** Where one went elsewhere and came back before it could go. */
  get #heir() {
    const { draft = "", spaceId } = this.dataset;
    const others = [...document.querySelectorAll("message-composer")].filter((each) => each.#composing);
    return others.find(({ dataset }) => dataset.spaceId === spaceId && (dataset.draft ?? "") === draft);
  }

  #send(text, fields, { isFocused = false } = {}) {
    if (!this.#composing) return;
    this.say("");
    this.#composing.post(text, fields);
    if (this.field.value === text) this.clear();
    for (const box of this.form.querySelectorAll("[data-once]")) box.checked = false;
    this.#tell("composer.sent", { fields });
    if (isFocused) this.focusField();
  }

  #fits() {
    const isFit = this.#limit.show();
    if (!isFit) this.say(this.#limit.sentence);
    return isFit;
  }

  /** Waits for what has to be ready first, such as an upload; a failure is said, and the text stays. */
  async #wait(promises) {
    this.field.readOnly = true;
    try {
      await Promise.all(promises);
      return true;
    } catch (error) {
      (this.isConnected ? this : (this.#heir ?? this)).say(error.message);
      return false;
    } finally {
      this.field.readOnly = false;
    }
  }

  #takeBack(text) {
    if (this.field.value.trim()) return false;
    this.field.value = text;
    this.#typed();
    this.#save();
    return true;
  }

  /** Returns false when a listener has cancelled it. */
  #tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { bubbles: true, cancelable: true, detail }));
  }

  /** Says a sentence above the field, and where what it refuses can be changed; "" takes it away. */
  say(sentence, liftedAt = "") {
    const box = this.querySelector("[data-sentence]");
    box.hidden = !sentence;
    box.querySelector("[data-words]").textContent = sentence;
    Object.assign(box.querySelector("[data-lift]"), { hidden: !liftedAt, href: liftedAt || "#" });
  }
}

customElements.define("message-composer", MessageComposer);
