// <typing-line>: who is writing in the Space, or the thread, of its composer; and says so of who writes here.
// Called by: templates/chat/_composer.html.
// Keeps true: said at most every three seconds; over after five, or when the message is there; read out to nobody,
//   who would hear of every keystroke.
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

const SAY_MS = 3000;
const OVER_MS = 5000;
const AUTHOR = /data-author-id="([^"]+)"/;

class TypingLine extends HTMLElement {
  #life;
  #saidAt = 0;
  #people = new Map();
  #clock;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.ariaLive = "off";
    this.composer = this.closest("message-composer");
    this.space = this.composer.dataset.spaceId;
    this.parent = this.composer.dataset.draft ?? null;
    this.composer.addEventListener("composer.typed", this.#typed, { signal });
    this.composer.addEventListener("composer.sent", () => (this.#saidAt = 0), { signal });
    connection.on("typing", this.#heard, signal);
    connection.on("message.changed", this.#came, signal);
  }

  disconnectedCallback() {
    this.#life.abort();
    clearTimeout(this.#clock);
  }

  #typed = ({ detail }) => {
    if (!detail.text.trim() || Date.now() - this.#saidAt < SAY_MS) return;
    this.#saidAt = Date.now();
    connection.send({ type: "typing", space: this.space, parent: this.parent });
  };

  #heard = ({ space, member, name, parent }) => {
    if (space !== this.space || parent !== this.parent || member === document.body.dataset.memberId) return;
    this.#people.set(member, { name, until: Date.now() + OVER_MS });
    this.#show();
  };

  #came = ({ space, message }) => {
    if (space === this.space && this.#people.delete(AUTHOR.exec(message.html ?? "")?.[1])) this.#show();
  };

  #show = () => {
    clearTimeout(this.#clock);
    const now = Date.now();
    for (const [member, { until }] of this.#people) if (until <= now) this.#people.delete(member);
    const writing = [...this.#people.values()];
    this.textContent = sentence(writing.map(({ name }) => name));
    if (writing.length) this.#clock = setTimeout(this.#show, Math.min(...writing.map(({ until }) => until)) - now + 20);
  };
}

function sentence([first, second, ...more]) {
  if (!first) return "";
  if (!second) return gettext("{name} is typing", { name: first });
  if (!more.length) return gettext("{name} and {other} are typing", { name: first, other: second });
  return gettext("Several people are typing");
}

customElements.define("typing-line", TypingLine);
