// How far one has read in a Space: what stood before one's eyes is told to the server, a moment later.
// Called by: message-feed, which says when to look. Tells space.seen {space, position, isEnd} on document at once.
// Keeps true: only forward; only what was on screen in a window that is visible and has the focus; what one marked as
//   unread stays so until one comes back to the Space, in every tab.
import { post } from "parley/lib/http";
import { connection } from "parley/models/connection";

const SOON_MS = 800;

export class Reading {
  #space;
  #seenUpTo;
  #read;
  #timer = null;
  #isHeld = false;
  #isDue = false;
  #isNoticed = true; // a notice may wait here that its message's place does not tell: an answer comes after its place

  /** `position` is where one has read up to; `seenUpTo()` is the position of the last message in view. */
  constructor({ space, position, seenUpTo }) {
    this.#space = space;
    this.#read = position;
    this.#seenUpTo = seenUpTo;
  }

  start(signal) {
    const mine = ({ space, position, back }) => space === this.#space && back && this.#hold(position);
    connection.on("space.read", mine, signal);
    connection.on("notice.added", ({ space, thread }) => space === this.#space && !thread && this.#noticed(), signal);
    addEventListener("focus", () => this.look(), { signal });
    addEventListener("pagehide", this.#flush, { signal });
    signal.addEventListener("abort", this.#flush);
  }

  /** Something moved: what is in view may be seen. At the end it is so at once, else when the eyes have rested. */
  look({ atEnd = false } = {}) {
    if (this.#isHeld || !isAttentive()) return;
    if (atEnd) this.#note(this.#seenUpTo(), true);
    this.#timer ??= setTimeout(this.#rested, SOON_MS);
  }

  /** All up to a position is read, because one said so. */
  settle(position) {
    this.#isHeld = false;
    this.#note(position, true);
    this.#flush();
  }

  #rested = () => {
    this.#timer = null;
    if (this.#isHeld) return;
    if (isAttentive()) {
      this.#note(this.#seenUpTo());
      this.#isDue ||= this.#isNoticed;
      this.#isNoticed = false;
    }
    this.#send();
  };

  #noticed() {
    this.#isNoticed = true;
    this.look();
  }

  #note(position, isEnd = false) {
    if (position <= this.#read) return;
    this.#read = position;
    const detail = { space: this.#space, position, isEnd };
    document.dispatchEvent(new CustomEvent("space.seen", { detail }));
    this.#isDue = true;
  }

  async #send() {
    if (!this.#isDue) return;
    this.#isDue = false;
    try {
      await post(`/spaces/${this.#space}/read/`, { position: this.#read }, { keepalive: true });
    } catch {
      this.#isDue = true; // the next look tries again
    }
  }

  #flush = () => {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#isHeld) this.#send();
  };

  #hold(position) {
    this.#read = position;
    this.#isHeld = true;
    this.#isDue = false;
  }
}

/** Whether somebody looks at this tab now. */
export function isAttentive() {
  return document.visibilityState === "visible" && document.hasFocus();
}
