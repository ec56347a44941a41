// <message-feed>: the messages of a Space, live.
// Called by: templates/chat/space.html; message-composer hands it what is on its way.
// Keeps true: what is shown is what space-sync knows, in its order; nothing that comes moves what is being read.
import { clone, element } from "parley/lib/html";
import { get, post } from "parley/lib/http";
import { gettext, ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { FeedRows } from "parley/models/feed-rows";
import { ScrollPlace } from "parley/models/scroll-place";
import { SpaceSync } from "parley/models/space-sync";

const POLL_MS = 5000;
const OLDER_PX = 600;

class MessageFeed extends HTMLElement {
  #life = new AbortController();
  #sync;
  #rows;
  #place;
  #unseen = 0;
  #isLive = false; // the server has said that it sends us this Space

  connectedCallback() {
    this.space = this.dataset.spaceId;
    this.log = this.querySelector("[role=log]");
    const column = this.log.firstElementChild;
    const viewer = { member: document.body.dataset.memberId, mayManage: "mayManage" in this.dataset };
    this.#rows = new FeedRows(column, viewer);
    this.#sync = new SpaceSync({
      space: this.space,
      known: { revision: Number(this.dataset.revision), messages: this.#rows.known, more: "more" in this.dataset },
      get,
      show: (messages) => this.#show(messages),
      reload: () => location.reload(),
    });
    this.#place = new ScrollPlace(this.log, column, this.#moved);
    this.#start();
    this.#listen();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#place.end();
    connection.unsubscribe(this.space);
  }

  // What the composer asks for

  /** Shows an item on its way; returns whether there was a need to. */
  pend(item) {
    if (this.#rows.hasSent(item.clientId)) return false;
    const row = clone("pending-message");
    row.dataset.clientId = item.clientId;
    row.querySelector("time").dateTime = new Date(item.at).toISOString();
    row.querySelector("[data-text]").textContent = item.text;
    this.#rows.pend(row);
    this.mark(item);
    this.#place.toEnd();
    return true;
  }

  /** Shows an item as waiting or as failed. */
  mark({ clientId, state, sentence }) {
    const row = this.#rows.pending(clientId);
    if (!row) return;
    const hasFailed = state === "failed";
    row.dataset.state = hasFailed ? "failed" : "pending";
    row.querySelector("[data-sending]").hidden = hasFailed;
    row.querySelector("[data-failure]").hidden = !hasFailed;
    row.querySelector("[data-words]").textContent = gettext("Not sent. {reason}", { reason: sentence ?? "" });
    this.#place.hold();
  }

  drop(clientId) {
    const row = this.#rows.pending(clientId);
    if (row) this.#rows.remove(row);
  }

  /** Takes the server's answer to a post, a stop or a retry. */
  settle(answer) {
    this.#sync.answer(answer);
  }

  // What the server says

  #listen() {
    const { signal } = this.#life;
    const on = (type, hear) => connection.on(type, (frame) => frame.space === this.space && hear(frame), signal);
    on("space.subscribed", ({ revision }) => {
      this.#isLive = true;
      this.#sync.compare(revision);
    });
    connection.on("state", () => (this.#isLive = false), signal);
    on("message.changed", (frame) => this.#sync.frame(frame));
    on("reply.deltas", ({ deltas }) => deltas.forEach((each) => this.#text(each)?.delta(each)));
    on("reply.note", (note) => this.#text(note)?.note(note));
    on("reply.blocks", ({ blocks }) => blocks.forEach((each) => this.#text(each)?.block(each)));
    connection.on("refused", ({ code }) => code === "not_found" && location.reload(), signal);
    connection.on("doubt", () => this.#sync.catchUp(), signal);
    connection.subscribe(this.space);
    const poll = setInterval(() => this.#isLive || connection.isOver || this.#sync.catchUp(), POLL_MS);
    signal.addEventListener("abort", () => clearInterval(poll));
    this.addEventListener("click", this.#clicked);
    this.addEventListener("text.grown", this.#grown);
    document.addEventListener("submit", this.#act, { signal });
    document.addEventListener("visibilitychange", this.#moved, { signal });
  }

  #text({ reply }) {
    return this.querySelector(`reply-text[data-reply-id="${CSS.escape(reply)}"]`);
  }

  #grown = ({ target }) => {
    this.#rows.finish(target);
    this.#place.hold();
  };

  #show(messages) {
    for (const message of messages) if (this.#put(message)) this.#unseen += 1;
    this.querySelector("[data-older]").hidden = !this.#sync.state.more;
    this.#place.hold();
    this.#moved();
  }

  /** Puts the row in its place; returns whether it is somebody else's new one at the end. */
  #put({ id, html }) {
    const row = element(html);
    const old = this.#rows.find(id);
    const hadFocus = old?.contains(document.activeElement);
    keepGrowing(old, row);
    const isNews = this.#rows.put(row);
    if (hadFocus) (row.querySelector("footer button") ?? this.log).focus({ preventScroll: true });
    return isNews && !("mine" in row.dataset);
  }

  // What the reader does

  #start() {
    const row = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
    if (row) this.#place.toRow(row);
    else this.#place.toEnd();
  }

  #moved = () => {
    if (this.#place.atEnd && document.visibilityState === "visible") this.#unseen = 0;
    const pill = this.querySelector("[data-newest]");
    pill.hidden = this.#place.atEnd || !this.#unseen;
    pill.lastChild.textContent = ngettext("{count} new message", "{count} new messages", this.#unseen);
    const title = document.title.replace(/^\(\d+\) /, "");
    document.title = this.#unseen ? `(${this.#unseen}) ${title}` : title;
    if (this.log.scrollTop < OLDER_PX) this.#older();
  };

  /** Older rows are put in without being read out. */
  async #older() {
    if (!this.#sync.state.more) return;
    this.log.ariaBusy = "true";
    await this.#sync.older();
    this.log.ariaBusy = "false";
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-newest]")) this.#place.toEnd();
    if (target.closest("[data-older]")) this.#older();
    const row = target.closest("[data-pending]");
    if (row && target.closest("[data-retry]")) this.#tell("pending.retry", row.dataset.clientId);
    if (row && target.closest("[data-discard]")) this.#tell("pending.discard", row.dataset.clientId);
  };

  /** Stop and Retry: the buttons' own form, sent without leaving the page. */
  #act = async (event) => {
    const button = event.submitter;
    if (!button?.hasAttribute("formaction") || !this.contains(button)) return;
    event.preventDefault();
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true"; // A button that is disabled loses the focus, and its next row could not take it.
    try {
      const { message } = await post(button.getAttribute("formaction"));
      this.settle({ messages: [message] });
    } catch (error) {
      this.#tell("feed.refused", error.message);
      button.ariaDisabled = null;
    }
  };

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** An answer that still grows keeps its live text when its row is sent again. */
function keepGrowing(old, row) {
  const before = old?.querySelector("reply-text");
  const after = row.querySelector("reply-text");
  if (!before?.isLive || !after?.isLive || before.knownLength === 0) return;
  before.dataset.state = after.dataset.state;
  after.replaceWith(before);
}

customElements.define("message-feed", MessageFeed);
