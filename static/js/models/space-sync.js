// Keeps a Space's state in step with the server: frames as they come, and fetching what they left out.
// Called by: models/space-live.js, which hands in how to fetch and how to start afresh. A view has a `window`, and takes
//   show(messages) of what is new, extend(messages) of another page, and restart(messages).
// Keeps true: one question for changes at a time; a fetch that failed is tried again, less and less often, unless the
//   server refuses or nobody looks any longer; a page that was read before some
//   change is followed by that change; nothing is shown twice.
import { SpaceState } from "parley/models/space-state";

const REORDER_MS = 80; // frames of two senders may swap places on their way
const AGAIN_MS = 2000;
const LONGEST_MS = 16_000;
const REFUSED = [401, 403, 404];

export class SpaceSync {
  #space;
  #get;
  #reload;
  #learned;
  #views = new Map(); // by their windows
  #asking = null;
  #paging = new Map(); // by the windows too
  #waiting = new Set(); // what ends each pause
  state;
  isRefused = false; // until the server speaks of the Space again

  /** `get(url)` resolves to JSON; `learned(frame)` hears of the Space itself. */
  constructor({ space, revision, get, reload, learned }) {
    this.#space = space;
    this.#get = get;
    this.#reload = reload;
    this.#learned = learned;
    this.state = new SpaceState(revision);
  }

  /** Shows what changes from now on, and what has changed since the revision at which the view was loaded. */
  open(view, revision) {
    this.#views.set(view.window, view);
    this.state.open(view.window);
    this.#meet(revision);
  }

  close(view) {
    this.#views.delete(view.window);
    this.state.close(view.window);
  }

  frame(frame) {
    this.#show(this.state.frame(frame));
    if (this.state.isBehind) setTimeout(() => this.state.isBehind && this.catchUp(), REORDER_MS);
  }

  /** Takes a change of the Space itself. */
  noted({ revision }) {
    this.state.noted(revision);
    if (this.state.isBehind) setTimeout(() => this.state.isBehind && this.catchUp(), REORDER_MS);
  }

  answer(answer) {
    this.#show(this.state.answer(answer));
  }

  /** The server says where it is. */
  compare(revision) {
    this.isRefused = false;
    for (const end of this.#waiting) end();
    if (revision !== this.state.last) this.catchUp();
  }

  /** Fetches what changed since `last`. */
  catchUp() {
    this.#asking ??= this.#askChanges(this.state.last)
      .finally(() => (this.#asking = null))
      .then((isDone) => isDone && this.state.isBehind && this.catchUp());
    return this.#asking;
  }

  /** Fetches the page before the oldest row; resolves when it is shown. */
  older(view) {
    const { window } = view;
    if (!window.more) return Promise.resolve();
    return this.#page(view, `before=${window.oldest}`, (page) => view.extend(window.older(page)));
  }

  /** Fetches the page after the newest row; resolves when it is shown. */
  newer(view) {
    const { window } = view;
    if (!window.newer) return Promise.resolve();
    return this.#page(view, `after=${window.newest}`, (page) => view.extend(window.forward(page)));
  }

  /** Shows the page around a position instead, or the newest one; resolves to whether it could be fetched. */
  async jump(view, position = null) {
    while (this.#paging.has(view.window)) await this.#paging.get(view.window);
    return this.#page(view, position === null ? "" : `around=${position}`, (page) => {
      view.window.reset(page);
      view.restart(page.messages);
    });
  }

  #page(view, query, take) {
    const { window } = view;
    if (!this.#paging.has(window)) {
      this.#paging.set(window, this.#askPage(view, query, take).finally(() => this.#paging.delete(window)));
    }
    return this.#paging.get(window);
  }

  async #askPage({ window }, query, take) {
    try {
      const page = await this.#get(`${window.url}?${query}`);
      take(page);
      this.#meet(page.revision);
      return true;
    } catch {
      await this.#pause(AGAIN_MS);
      return false;
    }
  }

  /** Something was read at a revision: fetch what one of the two has missed of the other. */
  #meet(revision) {
    if (revision < this.state.last) this.#askChanges(revision);
    else this.compare(revision);
  }

  /** Resolves to whether they came. */
  async #askChanges(since) {
    const answer = await this.#persist(`/spaces/${this.#space}/changes/?since=${since}`);
    if (!answer) return false;
    this.#learned({ type: "space.changed", space: this.#space, ...answer.space });
    if (answer.reload) this.#reload();
    else this.#show(this.state.changes(answer));
    return true;
  }

  async #askOne(id) {
    const answer = await this.#persist(`/messages/${id}/`, { isOfSpace: false });
    if (answer) this.#show(this.state.take([answer.message]));
  }

  /** What the server says in the end, or null. */
  async #persist(url, { isOfSpace = true } = {}) {
    for (let wait = AGAIN_MS; this.#views.size; wait = Math.min(2 * wait, LONGEST_MS)) {
      try {
        return await this.#get(url);
      } catch (error) {
        if (REFUSED.includes(error.status)) {
          this.isRefused ||= isOfSpace;
          return null;
        }
        await this.#pause(wait);
      }
    }
    return null;
  }

  /** Shows what came whole, asks once for what came without its HTML. */
  #show(pairs) {
    const bare = new Set(pairs.flatMap(([, messages]) => messages.filter(({ html }) => html == null).map(({ id }) => id)));
    for (const id of bare) this.#askOne(id);
    for (const [window, messages] of pairs) {
      const whole = messages.filter(({ html }) => html != null);
      if (whole.length || window.newer) this.#views.get(window)?.show(whole);
    }
  }

  /** Some time, or until the server is known to be there. */
  async #pause(ms) {
    let end;
    const told = new Promise((done) => (end = done));
    this.#waiting.add(end);
    const timer = setTimeout(end, ms);
    await told;
    clearTimeout(timer);
    this.#waiting.delete(end);
  }
}
