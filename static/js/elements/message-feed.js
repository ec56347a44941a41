// <message-feed>: the messages of a Space, live, around the place where one reads.
// Called by: templates/chat/space.html; message-composer hands it what is on its way.
// Keeps true: what is shown has no gap; nothing that comes moves what is being read; what is new below, or not loaded,
//   is announced by the pill; a link to a message of this Space leads there without loading the page again.
import { gettext, ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { Conversation } from "parley/models/conversation";
import { FeedPlace } from "parley/models/feed-place";
import { NewLine } from "parley/models/new-line";
import { isAttentive, Reading } from "parley/models/reading";
import { ScrollPlace } from "parley/models/scroll-place";
import { shortcut } from "parley/models/shortcuts";
import { SpaceLive } from "parley/models/space-live";

const NEAR_PX = 600;
const CLOSES_FIRST = "dialog[open], :popover-open, [data-selected], main message-editor, side-panel:not([hidden])";

class MessageFeed extends HTMLElement {
  #life;
  #talk;
  #place;
  #reading = null; // of one who has joined, as the line
  #line = null;
  #unseen = 0;
  live;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    const { spaceId, revision } = this.dataset;
    this.space = spaceId;
    this.log = this.querySelector("[role=log]");
    const column = this.log.firstElementChild;
    this.#place = new ScrollPlace(this.log, column, this.#moved);
    this.#talk = new Conversation({ host: this, column, url: `/spaces/${spaceId}/messages/`, place: this.#place });
    this.live = new SpaceLive({ space: spaceId, revision: Number(revision) });
    this.#talk.addEventListener("shown", this.#shown);
    this.#talk.listen(signal);
    this.#talk.follow(this.live, Number(revision));
    const goTo = (message, how) => this.#goTo(message, how);
    const way = { reading: () => this.#topmost(), goTo, toNewest: () => this.#toNewest() };
    new FeedPlace({ space: spaceId, ...way }).start(signal);
    this.addEventListener("click", this.#clicked, { signal });
    document.addEventListener("visibilitychange", this.#moved, { signal });
    this.#follow(signal);
    this.#start();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#place.end();
    this.live.end();
  }

  // What the composer asks for

  pend(item) {
    const isShown = this.#talk.pend(item);
    if (isShown && this.#talk.window.newer) this.#toNewest();
    return isShown;
  }

  mark(item) {
    this.#talk.mark(item);
  }

  drop(clientId) {
    this.#talk.drop(clientId);
  }

  settle(answer) {
    this.#talk.settle(answer);
  }

  // What the reader does

  /** Keeps how far one has read. */
  #follow(signal) {
    const { readPosition } = this.dataset;
    if (readPosition === undefined) return;
    const seenUpTo = () => this.#place.lastSeen;
    this.#reading = new Reading({ space: this.space, position: Number(readPosition), seenUpTo });
    this.#reading.start(signal);
    const button = this.querySelector("[data-first-new]");
    this.#line = new NewLine({ position: Number(readPosition), talk: this.#talk, log: this.log, button });
    this.#line.draw();
    const back = (frame) => frame.back && frame.space === this.space && this.#line.move(frame.position);
    connection.on("space.read", back, signal);
    const done = { label: gettext("Mark this Space as read"), group: "spaces", when: () => this.#isFree };
    shortcut("Escape", { ...done, run: () => this.#readAll(), anywhere: true, signal });
  }

  /** Whether Escape closes nothing else, and there is something to mark. */
  get #isFree() {
    return this.#line.isShown && !document.querySelector(CLOSES_FIRST);
  }

  #readAll() {
    this.#line.move();
    this.#reading.settle(Math.max(this.live.sync.state.last, this.#talk.window.newest));
  }

  #start() {
    const row = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
    if (row) this.#show(row);
    else if (this.#talk.window.newer) this.#place.toRow(this.#talk.rows.all.at(-1));
    else this.#place.toEnd();
  }

  #show(row) {
    this.#place.toRow(row);
    row.toggleAttribute("data-found", true);
    setTimeout(() => row.toggleAttribute("data-found", false), 2000);
  }

  /** Shows a message of this Space, `{id, position}`: where it is, or with the page around it. */
  async #goTo({ id, position }, { isFound = true } = {}) {
    if (!this.#talk.rows.find(id)) await this.live.sync.jump(this.#talk, position);
    const row = this.#talk.rows.find(id);
    if (!row) return;
    if (isFound) this.#show(row);
    else this.#place.toRow(row, "start");
  }

  #topmost() {
    const row = this.#place.atEnd ? null : this.#place.first;
    return row && { id: row.dataset.messageId, position: Number(row.dataset.position) };
  }

  /** Shows the line over what is new, from its page where that is not loaded. */
  async #toFirstNew() {
    if (!this.#talk.rows.line) await this.live.sync.jump(this.#talk, this.#line.aim);
    const row = this.#talk.rows.line;
    if (row) this.#place.toRow(row, "start");
    this.log.focus({ preventScroll: true });
    this.#moved();
  }

  async #toNewest() {
    if (this.#talk.window.newer) await this.live.sync.jump(this.#talk);
    this.#place.toEnd();
  }

  #shown = ({ detail: news }) => {
    this.#unseen += news;
    this.querySelector("[data-older]").hidden = !this.#talk.window.more;
    if (this.#place.atEnd && isAttentive()) this.#line?.pass(this.#place.lastSeen);
    this.#line?.draw();
    this.#moved();
  };

  #moved = () => {
    const { newer, beyond } = this.#talk.window;
    if (newer) this.#place.atEnd = false; // the last row is not the end
    if (this.#place.atEnd && document.visibilityState === "visible") this.#unseen = 0;
    this.#announce(this.#unseen + beyond, newer);
    this.#reading?.look({ atEnd: this.#place.atEnd });
    this.#line?.point();
    if (this.log.scrollTop < NEAR_PX) this.#more("more", "older");
    if (newer && this.#place.distanceToEnd < NEAR_PX) this.#more("newer", "newer");
  };

  #announce(count, isPartial) {
    const pill = this.querySelector("[data-newest]");
    pill.hidden = !isPartial && (this.#place.atEnd || !count);
    const words = ngettext("{count} new message", "{count} new messages", count);
    pill.lastChild.textContent = count ? words : gettext("Jump to the newest");
  }

  async #more(flag, verb) {
    if (this.#talk.window[flag]) await this.live.sync[verb](this.#talk);
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-newest]")) this.#toNewest();
    if (target.closest("[data-first-new]")) this.#toFirstNew();
    if (target.closest("[data-older]")) this.#more("more", "older");
  };
}

customElements.define("message-feed", MessageFeed);
