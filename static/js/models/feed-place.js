// Where in a Space one reads, in the address: links to its messages lead there, and Back leads back.
// Called by: message-feed, which hands in how to go to a message and to the newest.
// Keeps true: a link to a message of this Space loads no page; the place that one left is kept in the history; a link
//   leads nowhere once one has gone elsewhere.
import { get } from "parley/lib/http";
import { visits } from "parley/models/visits";

const LINK = /^\/messages\/([0-9a-f-]{36})\/$/;

export class FeedPlace {
  #space;
  #reading;
  #goTo;
  #toNewest;
  #asking = null; // for the message of a link that was pressed

  /** `reading()` is the message at the top of what is read, `{id, position}`, or null at the end. */
  constructor({ space, reading, goTo, toNewest }) {
    this.#space = space;
    this.#reading = reading;
    this.#goTo = goTo;
    this.#toNewest = toNewest;
  }

  start(signal) {
    document.addEventListener("click", this.#clicked, { signal });
    addEventListener("popstate", this.#returned, { signal });
    signal.addEventListener("abort", () => this.#asking?.abort());
  }

  #clicked = (event) => {
    if (event.target.closest?.("a[href]")) this.#asking?.abort(); // who is slow is not waited for any longer
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.origin !== location.origin || link.hasAttribute("data-opens-panel") || link.hasAttribute("download")) return;
    const id = LINK.exec(link.pathname)?.[1] ?? this.#messageIn(link);
    if (!id) return;
    event.preventDefault();
    this.#follow(id, link.href);
  };

  /** The message that a link to this very Space names after its #. */
  #messageIn({ pathname, hash }) {
    return pathname === `/spaces/${this.#space}/` ? /^#message-([0-9a-f-]{36})$/.exec(hash)?.[1] : null;
  }

  async #follow(id, href) {
    const { signal } = (this.#asking = new AbortController());
    try {
      const { message, space } = await get(`/messages/${id}/`, { signal });
      if (space !== this.#space) return visits.visit(href);
      const root = message.in_feed ? null : message.parent;
      this.#enter(root ? (await get(`/messages/${root}/`, { signal })).message : message, root);
    } catch {
      if (!signal.aborted) visits.visit(href); // the page says why
    }
  }

  #enter({ id, position }, root) {
    const here = new URL(location);
    history.replaceState({ ...history.state, reading: this.#reading(), isFound: false }, "");
    here.searchParams.set("at", position);
    here.hash = `message-${id}`;
    history.pushState({ reading: { id, position }, isFound: true }, "", here);
    this.#goTo({ id, position });
    if (root) document.dispatchEvent(new CustomEvent("panel.open", { detail: { url: `/messages/${root}/thread/` } }));
  }

  #returned = ({ state }) => {
    this.#asking?.abort();
    if (location.pathname !== `/spaces/${this.#space}/`) return;
    if (state?.reading) this.#goTo(state.reading, { isFound: Boolean(state.isFound) });
    else if (state && "reading" in state) this.#toNewest();
  };
}
