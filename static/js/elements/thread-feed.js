// <thread-feed>: the messages of one thread, live; beside the feed of its Space it shares that feed's state.
// Called by: templates/chat/_thread.html; message-composer hands it what is on its way.
// Keeps true: it shows what the Space's one state knows; what one has seen here is kept as read; the composer names the
//   model that will answer, as the last row says.
import { get, post } from "parley/lib/http";
import { isUuid } from "parley/lib/uuid";
import { gettext, ngettext } from "parley/lib/words";
import { Answerer } from "parley/models/answerer";
import { connection } from "parley/models/connection";
import { Conversation } from "parley/models/conversation";
import { ScrollPlace } from "parley/models/scroll-place";
import { SpaceLive } from "parley/models/space-live";
import { ThreadHead } from "parley/models/thread-head";

const NEAR_PX = 400;

class ThreadFeed extends HTMLElement {
  #life;
  #talk;
  #place;
  #answerer;
  #head;
  #own = null; // where no feed of this Space is on the page
  #unseen = 0;
  #read = 0;

  async connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.url = `/messages/${this.dataset.rootId}/thread/`;
    this.log = this.querySelector("[role=log]");
    const column = this.log.firstElementChild;
    this.#place = new ScrollPlace(this.log, column, this.#moved);
    const prefix = this.closest("side-panel") ? "thread-" : "";
    const { rootId: root } = this.dataset;
    this.#talk = new Conversation({ host: this, column, url: this.url, root, place: this.#place, prefix });
    this.#read = this.#newest;
    this.#talk.addEventListener("shown", this.#shown);
    this.#talk.addEventListener("lost", ({ detail }) => signal.aborted || this.#attach(signal, detail));
    this.#talk.listen(signal);
    this.addEventListener("click", this.#clicked, { signal });
    this.#answerer = new Answerer({ thread: this.parentElement, url: this.url });
    this.#answerer.listen(signal);
    const say = (sentence) => this.dispatchEvent(new CustomEvent("feed.refused", { detail: sentence }));
    this.#head = new ThreadHead({ thread: this.parentElement, url: this.url, say });
    this.#head.listen(signal);
    document.addEventListener("visibilitychange", this.#moved, { signal });
    addEventListener("focus", this.#moved, { signal });
    connection.on("notice.added", this.#noticed, signal);
    const isHere = this.#start();
    await this.#attach(signal, Number(this.dataset.revision));
    if (!isHere && !signal.aborted) await this.#seek();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#place.end();
    this.#own?.end();
    this.#own = null;
  }

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
    if (!this.#head.isFollowed) this.#head.freshen(); // who writes follows
  }

  /** Joins the feed of the same Space, or listens by itself. */
  async #attach(signal, revision) {
    const { spaceId } = this.dataset;
    const feed = document.querySelector(`message-feed[data-space-id="${CSS.escape(spaceId)}"]`);
    if (feed) await customElements.whenDefined("message-feed");
    if (signal.aborted) return;
    if (!feed?.live) this.#own ??= new SpaceLive({ space: spaceId, revision });
    this.#talk.follow(this.#own ?? feed.live, revision);
  }

  /** The reply that the address names, or "". */
  get #wanted() {
    const name = location.hash.startsWith("#message-") ? location.hash.slice("#message-".length) : "";
    return isUuid(name) && name !== this.dataset.rootId ? name : "";
  }

  /** Goes to the reply that the address names, else to the end; returns whether there is no more to do. */
  #start() {
    const row = this.#wanted && this.#talk.rows.find(this.#wanted);
    if (row) this.#show(row);
    else this.#place.toEnd();
    return Boolean(row) || !this.#wanted || !this.#talk.window.more;
  }

  /** An old reply of a long thread comes with the page around it. */
  async #seek() {
    const id = this.#wanted;
    try {
      const { message } = await get(`/messages/${id}/`);
      if (message.parent !== this.dataset.rootId || !this.#talk.live) return;
      await this.#talk.live.sync.jump(this.#talk, message.position);
    } catch {
      return; // it is gone, or the next press on the link tries again
    }
    const row = this.#talk.rows.find(id);
    if (row) this.#show(row);
  }

  #show(row) {
    this.#place.toRow(row);
    row.toggleAttribute("data-found", true);
    setTimeout(() => row.toggleAttribute("data-found", false), 2000);
  }

  async #toNewest() {
    if (this.#talk.window.newer) await this.#talk.live?.sync.jump(this.#talk);
    this.#place.toEnd();
  }

  get #newest() {
    return Number(this.#talk.rows.last?.dataset.position ?? 0);
  }

  #shown = ({ detail: news }) => {
    this.#unseen += news;
    this.querySelector("[data-older]").hidden = !this.#talk.window.more;
    this.#moved();
    if (!this.#talk.window.newer) this.#answerer.follow(this.#talk.rows.last);
  };

  #moved = () => {
    if (!this.#talk) return;
    const { newer, beyond } = this.#talk.window;
    if (newer) this.#place.atEnd = false; // the last row is not the end
    const isSeen = this.#place.atEnd && document.visibilityState === "visible" && document.hasFocus();
    if (isSeen) this.#unseen = 0;
    this.#announce(this.#unseen + beyond, newer);
    if (isSeen) this.#keepRead();
    if (this.log.scrollTop < NEAR_PX) this.#more("more", "older");
    if (newer && this.#place.distanceToEnd < NEAR_PX) this.#more("newer", "newer");
  };

  /** An answer that had its place here has come: its notice is settled by reading once more. */
  #noticed = ({ thread }) => {
    if (thread !== this.dataset.rootId) return;
    this.#read = 0;
    this.#moved();
  };

  #announce(count, isPartial) {
    const pill = this.querySelector("[data-newest]");
    pill.hidden = !isPartial && (this.#place.atEnd || !count);
    const words = ngettext("{count} new reply", "{count} new replies", count);
    pill.lastChild.textContent = count ? words : gettext("Jump to the newest");
  }

  async #keepRead() {
    if (!this.#talk || this.#newest <= this.#read) return;
    this.#read = this.#newest;
    try {
      await post(`${this.url}read/`, { position: this.#read });
    } catch {
      this.#read = 0; // the next look tries again
    }
  }

  async #more(flag, verb) {
    if (this.#talk.window[flag] && this.#talk.live) await this.#talk.live.sync[verb](this.#talk);
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-newest]")) this.#toNewest();
    if (target.closest("[data-older]")) this.#more("more", "older");
  };
}

customElements.define("thread-feed", ThreadFeed);
