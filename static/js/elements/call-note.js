// <call-note>: whom @here and @space will reach, said while one writes, and asked before it reaches many.
// Called by: templates/chat/_composer.html, inside a composer; the question is <template id="call-question">.
// Keeps true: the number is the server's, counted as sending counts; who says no keeps the text; a server that cannot
//   say how many keeps nobody from sending.
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { groupsIn } from "parley/lib/mention-query";
import { gettext, ngettext } from "parley/lib/words";

const FRESH_MS = 20_000;

class CallNote extends HTMLElement {
  #life;
  #asked = null;
  #askedAt = 0;
  #shown = "";

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    const composer = this.closest("message-composer");
    composer.addEventListener("composer.typed", ({ detail }) => this.#look(detail.text), { signal });
    composer.addEventListener("composer.sending", this.#sending, { signal });
    composer.addEventListener("composer.sent", () => this.#look(""), { signal });
    this.#look(composer.querySelector("textarea").value);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  async #look(text) {
    const group = largest(text);
    if (group === this.#shown) return;
    this.#shown = group;
    const told = group && (await this.#audience());
    if (this.#shown !== group) return;
    this.hidden = !told;
    this.toggleAttribute("data-refused", Boolean(told && !told.may));
    this.querySelector("[data-words]").textContent = told ? sentence(group, told) : "";
  }

  /** How many there are, asked at most now and then; null when nobody can say. */
  #audience() {
    if (Date.now() - this.#askedAt > FRESH_MS) {
      this.#askedAt = Date.now();
      this.#asked = get(this.dataset.url, { signal: this.#life.signal }).catch(() => {
        this.#askedAt = 0;
        return null;
      });
    }
    return this.#asked;
  }

  #sending = (event) => {
    const group = largest(event.detail.text);
    if (group) event.detail.waitUntil(this.#confirm(group, event));
  };

  /** Where one may not call everybody, the server says so; what somebody else has taken (a command) calls nobody. */
  async #confirm(group, event) {
    await null; // all have heard of it
    if (event.defaultPrevented) return;
    const told = await this.#audience();
    if (!told?.may || told[group] <= told.ask_over) return;
    const dialog = clone("call-question");
    dialog.querySelector("[data-title]").textContent = sentence(group, told);
    document.body.append(dialog);
    // The key that sent the message, still held down, is no answer.
    dialog.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    dialog.remove();
    if (dialog.returnValue !== "send") throw new Error("");
  }
}

/** "space" reaches all whom "here" does. */
function largest(text) {
  const groups = groupsIn(text);
  return groups.includes("space") ? "space" : (groups[0] ?? "");
}

function sentence(group, { may, [group]: count }) {
  if (!may) return gettext("Guests cannot call everybody with @here or @space. Mention the people you mean by name.");
  if (group === "space") return ngettext("@space will notify {count} person", "@space will notify {count} people", count);
  if (!count) return gettext("@here will notify nobody: no one else is here now");
  return ngettext("@here will notify {count} person who is here now", "@here will notify {count} people who are here now", count);
}

customElements.define("call-note", CallNote);
