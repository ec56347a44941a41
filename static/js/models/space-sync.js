// Keeps a Space's state in step with the server: frames as they come, and fetching what they left out.
// Called by: message-feed, which hands in how to fetch, how to show messages and how to start afresh.
// Keeps true: one question for changes at a time; every failed fetch is tried again; nothing is shown twice.
import { SpaceState } from "parley/models/space-state";

const REORDER_MS = 80; // frames of two senders may swap places on their way
const AGAIN_MS = 2000;

export class SpaceSync {
  #space;
  #get;
  #show;
  #reload;
  #asking = null;
  #askingOlder = null;
  state;

  /** `known` is what SpaceState takes; `get(url)` resolves to JSON; `show(messages)` puts those that have HTML. */
  constructor({ space, known, get, show, reload }) {
    this.#space = space;
    this.#get = get;
    this.#show = show;
    this.#reload = reload;
    this.state = new SpaceState(known);
  }

  frame(frame) {
    this.#take(this.state.frame(frame));
    if (this.state.isBehind) setTimeout(() => this.state.isBehind && this.catchUp(), REORDER_MS);
  }

  answer(answer) {
    this.#take(this.state.answer(answer));
  }

  /** The server says where it is. */
  compare(revision) {
    if (revision !== this.state.last) this.catchUp();
  }

  /** Fetches what changed since `last`. */
  catchUp() {
    this.#asking ??= this.#askChanges().finally(() => {
      this.#asking = null;
      if (this.state.isBehind) this.catchUp();
    });
    return this.#asking;
  }

  /** Fetches the page before the oldest row; resolves when it is shown. */
  older() {
    if (!this.state.more) return Promise.resolve();
    this.#askingOlder ??= this.#askOlder().finally(() => {
      this.#askingOlder = null;
    });
    return this.#askingOlder;
  }

  async #askChanges() {
    try {
      const answer = await this.#get(`/spaces/${this.#space}/changes/?since=${this.state.last}`);
      if (answer.reload) this.#reload();
      else this.#take(this.state.changes(answer));
    } catch {
      await pause(AGAIN_MS);
    }
  }

  async #askOlder() {
    try {
      const page = await this.#get(`/spaces/${this.#space}/messages/?before=${this.state.oldest}`);
      this.#show(this.state.older(page));
    } catch {
      await pause(AGAIN_MS);
    }
  }

  async #askOne(id) {
    try {
      const { message } = await this.#get(`/messages/${id}/`);
      this.#take(this.state.single(message));
    } catch (error) {
      if (error.status === 404) return;
      await pause(AGAIN_MS);
      this.#askOne(id);
    }
  }

  /** Shows what came whole, asks for what came without its HTML. */
  #take(messages) {
    for (const { id, html } of messages) if (html == null) this.#askOne(id);
    this.#show(messages.filter(({ html }) => html != null));
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
