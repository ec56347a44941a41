// <thread-feed>: the messages of one thread, live; beside the feed of its Space it shares that feed's state.
// Called by: templates/chat/_thread.html; message-composer hands it what is on its way.
// Keeps true: it shows what the Space's one state knows; what one has seen here is kept as read; the composer names the
//   model that will answer, as the last row says.
import { fragment } from "parley/lib/html";
import { get, page, post } from "parley/lib/http";
import { gettext, ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { Conversation } from "parley/models/conversation";
import { ScrollPlace } from "parley/models/scroll-place";
import { SpaceLive } from "parley/models/space-live";

const NEAR_PX = 400;

class ThreadFeed extends HTMLElement {
  #life;
  #talk;
  #place;
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
    this.parentElement.addEventListener("composer.typed", this.#typed, { signal });
    document.addEventListener("visibilitychange", this.#moved, { signal });
    addEventListener("focus", this.#moved, { signal });
    connection.on("notice.added", this.#noticed, signal);
    this.#start();
    await this.#attach(signal, Number(this.dataset.revision));
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#place.end();
    this.#own?.end();
    this.#own = null;
  }

  pend(item) {
    return this.#talk.pend(item);
  }

  mark(item) {
    this.#talk.mark(item);
  }

  drop(clientId) {
    this.#talk.drop(clientId);
  }

  settle(answer) {
    this.#talk.settle(answer);
    if (!this.#head.querySelector("[aria-pressed=true]")) this.#freshen(); // who writes follows
  }

  get #head() {
    return this.parentElement.querySelector(".thread__head");
  }

  /** Who takes part and follows, as it is now. */
  #freshen = async () => {
    try {
      const { html } = await page(this.url);
      const head = fragment(html).querySelector(".thread__head");
      const isOpen = this.#head.querySelector("details")?.open;
      if (isOpen && head.querySelector("details")) head.querySelector("details").open = true;
      this.#head.replaceWith(head);
    } catch {
      // It stays as it was.
    }
  };

  /** Joins the feed of the same Space, or listens by itself. */
  async #attach(signal, revision) {
    const { spaceId } = this.dataset;
    const feed = document.querySelector(`message-feed[data-space-id="${CSS.escape(spaceId)}"]`);
    if (feed) await customElements.whenDefined("message-feed");
    if (signal.aborted) return;
    if (!feed?.live) this.#own ??= new SpaceLive({ space: spaceId, revision });
    this.#talk.follow(this.#own ?? feed.live, revision);
  }

  #start() {
    const name = location.hash.startsWith("#message-") && location.hash.slice("#message-".length);
    const row = name && name !== this.dataset.rootId && this.#talk.rows.find(name);
    if (!row) return this.#place.toEnd();
    this.#place.toRow(row);
    row.toggleAttribute("data-found", true);
    setTimeout(() => row.toggleAttribute("data-found", false), 2000);
  }

  get #newest() {
    return Number(this.#talk.rows.last?.dataset.position ?? 0);
  }

  #shown = ({ detail: news }) => {
    this.#unseen += news;
    this.querySelector("[data-older]").hidden = !this.#talk.window.more;
    this.#moved();
    this.#nameAnswerer();
  };

  #moved = () => {
    const isSeen = this.#place.atEnd && document.visibilityState === "visible" && document.hasFocus();
    if (isSeen) this.#unseen = 0;
    const pill = this.querySelector("[data-newest]");
    pill.hidden = this.#place.atEnd || !this.#unseen;
    pill.lastChild.textContent = ngettext("{count} new reply", "{count} new replies", this.#unseen);
    if (isSeen) this.#keepRead();
    if (this.log.scrollTop < NEAR_PX) this.#older();
  };

  /** An answer that had its place here has come: its notice is settled by reading once more. */
  #noticed = ({ thread }) => {
    if (thread !== this.dataset.rootId) return;
    this.#read = 0;
    this.#moved();
  };

  async #keepRead() {
    if (!this.#talk || this.#newest <= this.#read) return;
    this.#read = this.#newest;
    try {
      await post(`${this.url}read/`, { position: this.#read });
    } catch {
      this.#read = 0; // the next look tries again
    }
  }

  async #older() {
    if (this.#talk?.window.more && this.#talk.live) await this.#talk.live.sync.older(this.#talk);
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-newest]")) this.#place.toEnd();
    if (target.closest("[data-older]")) this.#older();
  };

  // Who will answer

  get #answerer() {
    return this.parentElement.querySelector("[data-answerer]");
  }

  /** The model of the last row answers, unless the text calls somebody. */
  async #nameAnswerer() {
    const { kind, authorId } = this.#talk.rows.last?.dataset ?? {};
    const last = kind === "ai_model" ? authorId : "";
    if (!this.#answerer || last === this.#answerer.dataset.last) return;
    this.#answerer.dataset.last = last;
    try {
      const { answerer } = last ? await get(`${this.url}?after=${this.#newest}`) : { answerer: null };
      if (this.#answerer.dataset.last === last) this.#say(answerer);
    } catch {
      this.#say(null);
    }
  }

  #say(answerer) {
    const box = this.#answerer.querySelector("input");
    box.value = answerer?.handle ?? "";
    box.checked = Boolean(answerer);
    const words = answerer ? gettext("@{handle} will answer · {price}", answerer) : "";
    this.#answerer.querySelector("[data-words]").textContent = words;
    this.#typed({ detail: { text: this.parentElement.querySelector("textarea")?.value ?? "" } });
  }

  #typed = ({ detail: { text } }) => {
    const box = this.#answerer?.querySelector("input");
    if (!box) return;
    const isOff = !box.value || /(^|[\s(])@[\p{L}\p{N}]/u.test(text);
    this.#answerer.hidden = box.disabled = isOff;
  };
}

customElements.define("thread-feed", ThreadFeed);
