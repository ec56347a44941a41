// Which model will answer in a thread, as its composer says beside a box to leave it out.
// Called by: thread-feed. Keeps true: the model of the last row answers, unless the text calls somebody; what is shown
//   is what is sent.
import { get } from "parley/lib/http";
import { gettext } from "parley/lib/words";

export class Answerer {
  #thread;
  #url;

  /** `thread` holds the rows and the composer; `url` is where the thread is. */
  constructor({ thread, url }) {
    this.#thread = thread;
    this.#url = url;
  }

  listen(signal) {
    this.#thread.addEventListener("composer.typed", ({ detail }) => this.#fit(detail.text), { signal });
  }

  /** Asks whom the newest row makes answer, where that is another than before. */
  async follow(row) {
    const { kind, authorId, position = 0 } = row?.dataset ?? {};
    const last = kind === "ai_model" ? authorId : "";
    if (!this.#box || last === this.#box.dataset.last) return;
    this.#box.dataset.last = last;
    try {
      const { answerer } = last ? await get(`${this.#url}?after=${position}`) : { answerer: null };
      if (this.#box.dataset.last === last) this.#say(answerer);
    } catch {
      this.#say(null);
    }
  }

  get #box() {
    return this.#thread.querySelector("[data-answerer]");
  }

  #say(answerer) {
    const box = this.#box.querySelector("input");
    box.value = answerer?.handle ?? "";
    box.checked = Boolean(answerer);
    const words = answerer ? gettext("@{handle} will answer · {price}", answerer) : "";
    this.#box.querySelector("[data-words]").textContent = words;
    this.#fit(this.#thread.querySelector("textarea")?.value ?? "");
  }

  #fit(text) {
    const box = this.#box?.querySelector("input");
    if (!box) return;
    const isOff = !box.value || /(^|[\s(])@[\p{L}\p{N}]/u.test(text);
    this.#box.hidden = box.disabled = isOff;
  }
}
