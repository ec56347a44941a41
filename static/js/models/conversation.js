// The rows of one view of a Space: what its window has loaded, what is on its way, answers that grow, Stop and Retry.
// Called by: message-feed and thread-feed; models/space-live.js tells it what changes.
// Keeps true: one row a message; a row that is replaced keeps the focus and the text that was growing in it; rows are
//   never moved under the eyes of who reads (scroll-place.js).
import { onNewDay } from "parley/lib/dates";
import { clone, element } from "parley/lib/html";
import { post } from "parley/lib/http";
import { gettext, ngettext } from "parley/lib/words";
import { FeedRows } from "parley/models/feed-rows";
import { readOut } from "parley/models/read-out";
import { Window } from "parley/models/window";

export class Conversation extends EventTarget {
  #host;
  #log;
  #place;
  rows;
  window;
  live = null;

  /** `host` is the element of the view, with [role=log] in it; `place` keeps its scrolling. Dispatches "shown" (detail:
   * how many of others are new at the end), and "lost" (detail: the revision); on its host rows.shown, which bubbles. */
  constructor({ host, column, url, root = null, place, prefix = "" }) {
    super();
    this.#host = host;
    this.#log = host.querySelector("[role=log]");
    this.#place = place;
    const viewer = { member: document.body.dataset.memberId, mayManage: "mayManage" in host.dataset };
    this.rows = new FeedRows(column, viewer, prefix);
    const { more, newer } = host.dataset;
    const messages = this.rows.known;
    this.window = new Window({ url, root, messages, more: more !== undefined, newer: newer !== undefined });
  }

  /** Follows a Space from the revision at which the rows were read. */
  follow(live, revision) {
    this.live = live;
    live.attach(this, revision);
  }

  /** Listens to the reader until `signal` aborts. */
  listen(signal) {
    signal.addEventListener("abort", () => this.live?.detach(this));
    this.#host.addEventListener("click", this.#clicked, { signal });
    this.#host.addEventListener("text.grown", this.#grown, { signal });
    this.#host.addEventListener("feed.settle", ({ detail }) => this.settle(detail), { signal });
    document.addEventListener("submit", this.#act, { signal });
    onNewDay(() => this.rows.redate(), signal);
    this.#haveCome();
  }

  // What the live Space tells

  show(messages) {
    const before = messages.map(({ id }) => this.rows.find(id)?.dataset.state);
    const news = messages.filter((message) => this.#put(message)).length;
    readOut(messages.map(({ id }, index) => [this.rows.find(id), before[index]]));
    this.#place.hold();
    this.#tell("shown", news);
  }

  extend(messages) {
    for (const message of messages) this.#put(message);
    this.#place.hold();
    this.#tell("shown", 0);
  }

  restart(messages) {
    this.rows.clear();
    for (const message of messages) this.#put(message);
    this.#tell("shown", 0);
  }

  grow(kind, detail) {
    this.#host.querySelector(`.message__body[data-reply-id="${CSS.escape(detail.reply)}"]`)?.[kind](detail);
  }

  /** The live Space has ended; all up to this revision is here. */
  lost(revision) {
    this.live = null;
    this.#tell("lost", revision);
  }

  // What the composer asks for

  /** Shows an item on its way; returns whether there was a need to. */
  pend(item) {
    if (this.rows.hasSent(item.clientId)) return false;
    const row = clone("pending-message");
    row.dataset.clientId = item.clientId;
    row.querySelector("time").dateTime = new Date(item.at).toISOString();
    row.querySelector("[data-text]").textContent = item.text || filesOf(item);
    this.rows.pend(row);
    this.mark(item);
    this.#place.toEnd();
    return true;
  }

  /** Shows an item as waiting or as failed. */
  mark({ clientId, state, sentence }) {
    const row = this.rows.pending(clientId);
    if (!row) return;
    const hasFailed = state === "failed";
    row.dataset.state = hasFailed ? "failed" : "pending";
    row.querySelector("[data-sending]").hidden = hasFailed;
    row.querySelector("[data-failure]").hidden = !hasFailed;
    row.querySelector("[data-words]").textContent = gettext("Not sent. {reason}", { reason: sentence ?? "" });
    this.#place.hold();
  }

  drop(clientId) {
    const row = this.rows.pending(clientId);
    if (row) this.rows.remove(row);
  }

  /** Takes the server's answer to a post, a stop or a retry. */
  settle(answer) {
    this.live?.sync.answer(answer);
  }

  /** Puts a row in its place; returns whether it is somebody else's new one at the end. */
  #put({ id, html }) {
    const row = element(html);
    const old = this.rows.find(id);
    const hadFocus = old?.contains(document.activeElement);
    keepGrowing(old, row);
    const isNews = this.rows.put(row);
    const shown = this.rows.find(id);
    if (hadFocus && !shown.contains(document.activeElement)) {
      (shown.querySelector("footer button") ?? this.#log).focus({ preventScroll: true });
    }
    return isNews && !("mine" in shown.dataset);
  }

  #grown = ({ target }) => {
    this.rows.finish(target);
    this.#place.hold();
  };

  #clicked = ({ target }) => {
    const row = target.closest("[data-pending]");
    if (row && target.closest("[data-retry]")) this.#say("pending.retry", row.dataset.clientId);
    if (row && target.closest("[data-discard]")) this.#say("pending.discard", row.dataset.clientId);
  };

  /** Stop, Retry and reactions: the buttons' own form, sent without leaving the page. */
  #act = async (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.hasAttribute("formaction") || !this.#host.contains(button)) return;
    event.preventDefault();
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true"; // A button that is disabled loses the focus, and its next row could not take it.
    try {
      const fields = button.name ? { [button.name]: button.value } : {};
      const { message, messages = [message], said } = await post(button.getAttribute("formaction"), fields);
      this.settle({ messages });
      if (said) button.textContent = said;
    } catch (error) {
      this.#say("feed.refused", error.message);
    }
    button.ariaDisabled = null;
  };

  /** To the composer, which listens to the element. */
  #say(type, detail) {
    this.#host.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** To whatever does something to rows wherever they stand. */
  #haveCome() {
    this.#host.dispatchEvent(new CustomEvent("rows.shown", { bubbles: true }));
  }

  #tell(type, detail) {
    if (type === "shown") this.#haveCome();
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** An answer that still grows keeps its live text when its row is sent again. */
function keepGrowing(old, row) {
  const before = old?.querySelector(".message__body[data-reply-id]");
  const after = row.querySelector(".message__body[data-reply-id]");
  if (!before?.isLive || !after?.isLive || before.knownLength === 0) return;
  before.dataset.state = after.dataset.state;
  after.replaceWith(before);
}

/** What stands for a message on its way that says nothing but shows files. */
function filesOf({ fields }) {
  return fields?.file ? ngettext("{count} file", "{count} files", fields.file.length) : "";
}
