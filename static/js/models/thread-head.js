// The head of a thread: where it is, who takes part, and whether one follows it.
// Called by: thread-feed.
// Keeps true: to follow a thread, or no longer, leaves the replies alone and what is being written to them.
import { fragment } from "parley/lib/html";
import { page } from "parley/lib/http";

const HEAD = ".thread__head";

export class ThreadHead {
  #thread;
  #url;
  #say;

  /** `say` takes the sentence of a refusal. */
  constructor({ thread, url, say }) {
    this.#thread = thread;
    this.#url = url;
    this.#say = say;
  }

  listen(signal) {
    this.#thread.addEventListener("submit", this.#submitted, { signal });
  }

  get isFollowed() {
    return Boolean(this.#head.querySelector("[aria-pressed=true]"));
  }

  /** Shows who takes part and follows, as it is now. */
  freshen = async () => {
    try {
      const { html } = await page(this.#url);
      this.#show(fragment(html).querySelector(HEAD));
    } catch {
      // It stays as it was.
    }
  };

  get #head() {
    return this.#thread.querySelector(HEAD);
  }

  #show(head) {
    const before = this.#head;
    const isOpen = before.querySelector("details")?.open;
    if (isOpen && head.querySelector("details")) head.querySelector("details").open = true;
    const hadFocus = before.querySelector("form").contains(document.activeElement);
    before.replaceWith(head);
    if (hadFocus) head.querySelector("form button").focus({ preventScroll: true });
  }

  #submitted = async (event) => {
    if (event.defaultPrevented || !event.target.closest(HEAD)) return;
    event.preventDefault();
    try {
      await page(event.target.action, { fields: Object.fromEntries(new FormData(event.target)) });
      await this.freshen();
    } catch (error) {
      this.#say(error.message);
    }
  };
}
