// <reply-text>: the text of one answer, growing while it is made.
// Called by: templates/chat/_message.html; message-feed hands it what the socket brought.
// Keeps true: text is appended, never rewritten under the reader's eyes; a hole is filled from the server.
import { fragment } from "parley/lib/html";
import { get } from "parley/lib/http";
import { paint } from "parley/lib/paint";
import { gettext } from "parley/lib/words";
import { LiveText } from "parley/models/live-text";

const AGAIN_MS = 1500;

class ReplyText extends HTMLElement {
  #live = null;
  #early = null; // what comes while the whole is being fetched
  #blocks = [];
  #replace = false;
  #before = null; // the words of the state that a note stands in for

  connectedCallback() {
    if (this.#live || !this.isLive) return;
    this.#live = new LiveText();
    if (this.hasAttribute("data-begun")) this.fill();
  }

  get isLive() {
    return Boolean(this.querySelector("[data-tail]"));
  }

  get knownLength() {
    return this.#live?.length ?? 0;
  }

  /** Takes `{at, text}`. */
  delta(delta) {
    if (!this.#live) return;
    if (this.#early) this.#early.push(() => this.delta(delta));
    else if (this.#live.delta(delta)) paint(this.#write);
    else this.fill();
  }

  /** Takes `{sentence}`: why there is nothing yet. The first text takes it away. */
  note({ sentence }) {
    const words = this.closest("article")?.querySelector(".reply__state [data-words]");
    if (!words || this.knownLength) return;
    this.#before ??= words.textContent;
    words.textContent = gettext(sentence);
  }

  /** Takes `{from, to, html}`. */
  block(block) {
    if (!this.#live) return;
    if (this.#early) {
      this.#early.push(() => this.block(block));
      return;
    }
    const outcome = this.#live.block(block);
    if (outcome === "gap") this.fill();
    if (outcome !== "shown") return;
    this.#blocks.push(block.html);
    paint(this.#write);
  }

  /** Fetches the whole text so far; what arrives meanwhile is put after it. */
  async fill() {
    if (this.#early) return;
    this.#early = [];
    try {
      const whole = await get(`/replies/${this.dataset.replyId}/`);
      this.#live.reset(whole);
      this.#blocks = [whole.html];
      this.#replace = true;
      paint(this.#write);
    } catch {
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
    const early = this.#early;
    this.#early = null;
    if (this.isConnected) for (const take of early) take();
  }

  #write = () => {
    if (this.#before !== null) this.closest("article").querySelector(".reply__state [data-words]").textContent = this.#before;
    this.#before = null;
    const blocks = this.querySelector("[data-blocks]");
    if (this.#replace) blocks.replaceChildren();
    for (const html of this.#blocks) blocks.append(fragment(html));
    this.#blocks = [];
    this.#replace = false;
    this.#writeTail();
    this.dispatchEvent(new Event("text.grown", { bubbles: true }));
  };

  #writeTail() {
    const tail = this.querySelector("[data-tail]");
    const live = tail.querySelector("[data-live]");
    const { isCode, text } = this.#live.shown;
    tail.toggleAttribute("data-code", isCode);
    const node = live.firstChild ?? live.appendChild(document.createTextNode(""));
    if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
    else node.data = text;
  }
}

customElements.define("reply-text", ReplyText);
