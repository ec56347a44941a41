// What one has not read, by Space, as it comes and as one reads.
// Called by: page.js starts it; models/unread-marks.js shows it. Dispatches "changed". Tells nothing to the server.
// Keeps true: the server's counts are the truth and are fetched again after whatever may have changed them; between
//   two fetches new messages are counted here; what one has just seen does not come back by an answer that was late.
import { get } from "parley/lib/http";
import { connection } from "parley/models/connection";

const SOON_MS = 300;
const CHECK_MS = 10_000; // counting by oneself is nearly always right
const MOST = 100;

class Unread extends EventTarget {
  #org;
  #spaces = new Map();
  #seen = new Map(); // positions seen in this tab, until the server's counts know of them
  #newest = new Map();
  #timer = null;
  #due = Infinity;
  #asked = 0;
  #answered = 0; // the newest question whose answer is shown
  threads = 0;
  notices = 0;

  start(org) {
    this.#org = org;
    connection.on("space.active", (frame) => this.#came(frame));
    connection.on("message.changed", (frame) => this.#changed(frame));
    connection.on("space.read", (frame) => this.#read(frame));
    for (const type of ["unread.changed", "notice.added"]) connection.on(type, () => this.fetchSoon());
    connection.on("doubt", () => this.fetchSoon());
    connection.on("state", () => connection.state === "open" && this.fetchSoon());
    document.addEventListener("space.seen", ({ detail }) => this.#saw(detail));
    this.#fetch();
  }

  /** `{unread, mentions, muted}` of a Space. */
  of(space) {
    return this.#spaces.get(space) ?? { unread: 0, mentions: 0, muted: false };
  }

  /** How often one was meant by somebody, everywhere. */
  get calls() {
    return [...this.#spaces.values()].reduce((sum, { mentions }) => sum + mentions, 0);
  }

  /** Fetches the truth in a moment; several wishes are one fetch. */
  fetchSoon(ms = SOON_MS) {
    const due = Date.now() + ms;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#fetch(), ms);
  }

  async #fetch() {
    this.#due = Infinity;
    const number = (this.#asked += 1);
    try {
      const { spaces, threads, notices } = await get(`/orgs/${this.#org}/unread/`);
      if (number < this.#answered) return; // it came late, and says what was
      this.#answered = number;
      const before = this.#spaces;
      this.#spaces = new Map(Object.entries(spaces));
      for (const [space, badge] of this.#spaces) this.#trust(space, badge, before.get(space));
      Object.assign(this, { threads, notices });
      this.#tell();
    } catch (error) {
      if (error.status === undefined) this.fetchSoon(CHECK_MS);
    }
  }

  /** What was seen here and is not yet known there, stays seen. */
  #trust(space, badge, before) {
    if (badge.position >= (this.#seen.get(space) ?? 0)) this.#seen.delete(space);
    else Object.assign(badge, { unread: before?.unread ?? 0, mentions: before?.mentions ?? 0 });
  }

  #came({ space, position, author, mentions, in_feed: isInFeed }) {
    const badge = this.#spaces.get(space);
    const known = Math.max(badge?.position ?? 0, this.#seen.get(space) ?? 0, this.#newest.get(space) ?? 0);
    const { memberId } = document.body.dataset;
    if (!badge || position <= known) return this.fetchSoon(CHECK_MS);
    this.#newest.set(space, position);
    if (isInFeed && author !== memberId) {
      badge.unread = Math.min(badge.unread + 1, MOST);
      if (mentions.includes(memberId)) badge.mentions += 1;
      this.#tell();
    }
    this.fetchSoon(mentions.includes(memberId) ? SOON_MS : CHECK_MS);
  }

  /** In a Space that this tab shows: a new message, or another change of one. */
  #changed({ space, message }) {
    const { revision, position, in_feed, html, state } = message;
    if (revision !== position) return state === "deleted" && this.fetchSoon();
    if (html === null) return this.fetchSoon();
    const { memberId } = document.body.dataset;
    const author = html.includes(`data-author-id="${memberId}"`) ? memberId : null;
    return this.#came({ space, position, author, mentions: [], in_feed });
  }

  #read({ space, position, back }) {
    if (back) this.#seen.delete(space);
    else if (position >= (this.#newest.get(space) ?? Infinity)) this.#clear(space);
    this.fetchSoon();
  }

  /** It stood before one's eyes in this tab, up to a message or to the end. */
  #saw({ space, position, isEnd }) {
    this.#seen.set(space, position);
    if (isEnd) this.#clear(space);
  }

  #clear(space) {
    const badge = this.#spaces.get(space);
    if (!badge) return;
    Object.assign(badge, { unread: 0, mentions: 0 });
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

export const unread = new Unread();
