// What this browser knows of a Space: the revision up to which it knows everything, and the windows that show parts.
// Called by: models/space-sync.js. Pure: no page, no network.
// Keeps true: for any frames in any order, with doubles and gaps, what the windows show plus the changes fetched since
//   `last` equals a fresh load of them.

export class SpaceState {
  #ahead = new Set();
  #windows = new Set();
  last;

  constructor(revision = 0) {
    this.last = revision;
  }

  /** Whether changes are missing between `last` and the newest that was seen. */
  get isBehind() {
    return this.#ahead.size > 0;
  }

  open(window) {
    this.#windows.add(window);
  }

  close(window) {
    this.#windows.delete(window);
  }

  /** Takes a `message.changed`; returns what each window has to show, as pairs of a window and its messages. */
  frame({ revision, message }) {
    const shown = this.take([message]);
    this.#saw(revision);
    return shown;
  }

  /** Takes a revision that changed no message: the Space itself. */
  noted(revision) {
    this.#saw(revision);
  }

  /** Takes the answer to one's own post, stop or retry: some changes, perhaps not all up to its revision. */
  answer({ messages }) {
    const shown = this.take(messages);
    for (const { revision } of messages) this.#saw(revision);
    return shown;
  }

  /** Takes all changes since a revision that is not above `last`. */
  changes({ revision, messages }) {
    const shown = this.take(messages);
    this.#reach(revision);
    return shown;
  }

  /** Takes messages that say nothing of what else changed. */
  take(messages) {
    const pairs = [...this.#windows].map((window) => [window, messages.filter((message) => window.take(message))]);
    return pairs.filter(([window, found]) => found.length || window.newer); // what lies beyond is counted
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
