// What this browser knows of a Space: its messages by id, and the revision up to which it knows everything.
// Called by: message-feed. Pure: no page, no network.
// Keeps true: for any frames in any order, with doubles and gaps, what is known plus the changes fetched since
//   `last` equals a fresh load; a message never goes back to an older revision.

export class SpaceState {
  #ahead = new Set();
  #oldest = null;
  last;
  more;
  messages = new Map();

  /** `messages` need id, position and revision; `more` says that there are older ones on the server. */
  constructor({ revision = 0, messages = [], more = false } = {}) {
    this.last = revision;
    this.more = more;
    for (const message of messages) this.#keep(message);
  }

  /** Position of the oldest message that is loaded, or null. */
  get oldest() {
    return this.#oldest;
  }

  /** Whether changes are missing between `last` and the newest that was seen. */
  get isBehind() {
    return this.#ahead.size > 0;
  }

  /** Takes a `message.changed`; returns the messages to show (none, or this one). */
  frame({ revision, message }) {
    const shown = this.#take([message]);
    this.#saw(revision);
    return shown;
  }

  /** Takes the answer to one's own post, stop or retry: some changes, perhaps not all up to its revision. */
  answer({ messages }) {
    const shown = this.#take(messages);
    for (const { revision } of messages) this.#saw(revision);
    return shown;
  }

  /** Takes all changes since `last`. */
  changes({ revision, messages }) {
    const shown = this.#take(messages);
    this.#reach(revision);
    return shown;
  }

  /** Takes a page of older messages; returns those not yet known. */
  older({ messages, more }) {
    this.more = more;
    const fresh = messages.filter(({ id }) => !this.messages.has(id));
    for (const message of fresh) this.#keep(message);
    return fresh;
  }

  /** Takes one message fetched by itself. */
  single(message) {
    return this.#take([message]);
  }

  /** Those that are news. One without its HTML is returned to be fetched, and kept when it was. */
  #take(messages) {
    return messages.filter((message) => {
      const known = this.messages.get(message.id);
      const isNews = known ? message.revision > known.revision : !this.#isBelow(message);
      if (isNews && message.html !== null && message.html !== undefined) this.#keep(message);
      return isNews;
    });
  }

  /** Whether it lies among the older messages that are not loaded. */
  #isBelow({ position }) {
    return this.more && position < this.#oldest;
  }

  #keep({ id, client_id, position, revision, state }) {
    this.messages.set(id, { id, client_id, position, revision, state });
    if (this.#oldest === null || position < this.#oldest) this.#oldest = position;
  }

  #saw(revision) {
    if (revision <= this.last) return;
    this.#ahead.add(revision);
    this.#reach(this.last);
  }

  #reach(revision) {
    this.last = Math.max(this.last, revision);
    while (this.#ahead.delete(this.last + 1)) this.last += 1;
    for (const seen of this.#ahead) if (seen <= this.last) this.#ahead.delete(seen);
  }
}
