// The messages of a Space that one view has loaded: the feed around some place, or one thread.
// Called by: models/space-state.js, models/conversation.js. Pure: no page, no network.
// Keeps true: from its oldest to its newest message nothing is missing; what lies beyond is counted, never shown with a
//   gap; a message never goes back to an older revision.

export class Window {
  #root;
  #revisions = new Map();
  #oldest = null;
  #newest = null;
  #beyond = new Set(); // newer ones that are known to be there and not loaded
  url;
  more;
  newer;

  /** `url` is where its pages are; `root` is the message that a thread stands under; `more` and `newer` say that the
   * server has messages before and after those loaded. Messages need id, position and revision. */
  constructor({ url, root = null, messages = [], more = false, newer = false }) {
    this.url = url;
    this.#root = root;
    this.more = more;
    this.newer = newer;
    for (const message of messages) this.#keep(message);
  }

  get oldest() {
    return this.#oldest ?? 0;
  }

  get newest() {
    return this.#newest ?? 0;
  }

  /** How many newer messages have been heard of and are not loaded. */
  get beyond() {
    return this.#beyond.size;
  }

  has(id) {
    return this.#revisions.has(id);
  }

  /** Whether a message is news to show here. One that comes without its HTML is kept when that was fetched. */
  take(message) {
    const known = this.#revisions.get(message.id);
    const isNews = known === undefined ? this.#isWithin(message) : message.revision > known;
    if (isNews && message.html !== null && message.html !== undefined) this.#keep(message);
    return isNews;
  }

  /** Takes a page of older messages; returns those not yet known. */
  older({ messages, more }) {
    this.more = more;
    return this.#fresh(messages);
  }

  /** Takes a page of newer messages; returns those not yet known. */
  forward({ messages, more }) {
    const fresh = this.#fresh(messages);
    this.newer = more || this.#beyond.size > 0;
    return fresh;
  }

  /** Begins again with another page. */
  reset({ messages, more, newer = false }) {
    this.#revisions.clear();
    this.#beyond.clear();
    this.#oldest = this.#newest = null;
    this.more = more;
    this.newer = newer;
    for (const message of messages) this.#keep(message);
  }

  #isWithin({ id, position, parent, in_feed }) {
    if (id === this.#root) return true;
    if (this.#root ? parent !== this.#root : in_feed === false) return false;
    if (this.more && position < this.oldest) return false;
    if (!this.newer || position <= this.newest) return true;
    this.#beyond.add(id);
    return false;
  }

  #fresh(messages) {
    const fresh = messages.filter(({ id }) => !this.has(id));
    for (const message of fresh) this.#keep(message);
    return fresh;
  }

  #keep({ id, position, revision }) {
    this.#revisions.set(id, revision);
    this.#beyond.delete(id);
    if (id === this.#root) return;
    if (this.#oldest === null || position < this.#oldest) this.#oldest = position;
    if (this.#newest === null || position > this.#newest) this.#newest = position;
  }
}
