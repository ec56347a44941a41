// <message-composer>: writes a message, keeps the draft, and follows each message until the server has it.
// Called by: templates/chat/_composer.html.
// Keeps true: nothing typed is lost: not by a reload, a refusal, a lost connection or a second press of Enter.
import { post } from "parley/lib/http";
import { uuid } from "parley/lib/uuid";
import { gettext, ngettext } from "parley/lib/words";
import { Drafts } from "parley/models/drafts";
import { Outbox } from "parley/models/outbox";

const NEAR_LIMIT = 1000;
const SAVE_MS = 250;

class MessageComposer extends HTMLElement {
  #life = new AbortController();
  #outbox;
  #drafts;
  #saving;
  #isTouch = matchMedia("(pointer: coarse)");

  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.feed = document.querySelector("message-feed");
    this.#drafts = new Drafts({ member: document.body.dataset.memberId, space: this.dataset.spaceId });
    this.#outbox = new Outbox({
      send: ({ clientId, text }) => post(this.form.action, { text, client_id: clientId }),
      keep: (item, clientId) => this.#drafts.keep(item, clientId),
    });
    this.#listen();
    if (!this.field.value) this.field.value = this.#drafts.text;
    this.#restore();
    this.#typed();
    if (!this.#isTouch.matches && !location.hash) this.field.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  /** Puts a piece of text where the caret is. */
  insert(text) {
    this.field.focus();
    if (!document.execCommand("insertText", false, text)) {
      this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
      this.#typed();
    }
  }

  #listen() {
    const { signal } = this.#life;
    this.form.noValidate = true;
    this.form.addEventListener("submit", this.#submitted);
    this.field.addEventListener("input", this.#typed);
    this.field.addEventListener("keydown", this.#pressed);
    this.#outbox.addEventListener("settled", ({ detail }) => this.#settled(detail));
    this.#outbox.addEventListener("failed", ({ detail }) => this.feed.mark(detail.item));
    this.#outbox.addEventListener("refused", ({ detail }) => this.#refused(detail));
    this.feed.addEventListener("pending.retry", ({ detail }) => this.#retry(detail), { signal });
    this.feed.addEventListener("pending.discard", ({ detail }) => this.#discard(detail), { signal });
    this.feed.addEventListener("feed.refused", ({ detail }) => this.#say(detail), { signal });
    this.feed.addEventListener("click", this.#suggested, { signal });
    document.addEventListener("keydown", this.#typedElsewhere, { signal });
    addEventListener("pagehide", this.#save, { signal });
  }

  // Writing

  #typed = () => {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(this.#save, SAVE_MS);
    this.#count();
    this.#grow();
  };

  #save = () => {
    clearTimeout(this.#saving);
    this.#drafts.text = this.field.value;
  };

  #count() {
    const limit = Number(this.dataset.limit);
    const left = this.field.value.length < limit - NEAR_LIMIT ? NEAR_LIMIT : limit - [...this.field.value].length;
    const count = this.querySelector("[data-count]");
    const words =
      left < 0
        ? ngettext("{count} character too many", "{count} characters too many", -left)
        : ngettext("{count} character left", "{count} characters left", left);
    count.textContent = left < NEAR_LIMIT ? words : "";
    count.toggleAttribute("data-over", left < 0);
    return left >= 0;
  }

  /** For browsers without field-sizing. */
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.blockSize = "auto";
    this.field.style.blockSize = `${this.field.scrollHeight}px`;
  }

  #pressed = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (this.querySelector("mention-list")?.takes?.(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    const always = event.ctrlKey || event.metaKey;
    if (this.#isTouch.matches && !always) return;
    event.preventDefault();
    if (!event.repeat) this.form.requestSubmit();
  };

  #typedElsewhere = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if ([...event.key].length !== 1 || event.key === " ") return;
    const { activeElement } = document;
    if (activeElement !== document.body && !activeElement.matches("[role=log], main")) return;
    this.field.focus({ preventScroll: true });
    if (event.key === "/") event.preventDefault();
  };

  #suggested = ({ target }) => {
    const button = target.closest("[data-insert]");
    if (button) this.insert(button.dataset.insert);
  };

  // Sending

  #submitted = (event) => {
    event.preventDefault();
    const text = this.field.value;
    if (!text.trim()) return;
    if (!this.#count()) {
      const [limit, length] = [Number(this.dataset.limit), [...this.field.value].length];
      this.#say(gettext("A message holds {limit} characters and this is {length}. Send it in parts.", { limit, length }));
      return;
    }
    this.field.value = "";
    this.#drafts.text = "";
    this.#say("");
    this.#typed();
    const item = { clientId: uuid(), text, at: Date.now() };
    this.feed.pend(item);
    this.#outbox.add(item);
    this.field.focus({ preventScroll: true });
  };

  #settled({ item, answer }) {
    this.feed.settle(answer);
    this.feed.drop(item.clientId);
  }

  /** The sentence stands by the composer; the text goes back into it, unless something else is being written. */
  #refused({ item, refusal }) {
    this.#say(refusal.message);
    if (this.field.value.trim()) {
      this.feed.mark(item);
      return;
    }
    this.#discard(item.clientId);
    this.field.value = item.text;
    this.#typed();
    this.#save();
  }

  #retry(clientId) {
    this.#say("");
    this.feed.mark({ clientId, state: "waiting" });
    this.#outbox.retry(clientId);
  }

  #discard(clientId) {
    this.#outbox.discard(clientId);
    this.feed.drop(clientId);
    this.field.focus({ preventScroll: true });
  }

  /** What an earlier page of this Space could not send; what was on its way is sent again under the same id. */
  #restore() {
    for (const item of this.#drafts.unsent) {
      if (this.feed.pend(item)) this.#outbox.restore(item);
      else this.#drafts.keep(null, item.clientId);
    }
  }

  #say(sentence) {
    const box = this.querySelector("[data-sentence]");
    box.hidden = !sentence;
    box.querySelector("[data-words]").textContent = sentence;
  }
}

customElements.define("message-composer", MessageComposer);
