// A Space as it lives: one subscription and one state, for all the views that show a part of it.
// Called by: message-feed, and thread-feed where the page shows no feed of that Space.
// Keeps true: a view is told of everything from the moment it was loaded; while nothing comes by the socket, it asks.
import { get } from "parley/lib/http";
import { connection } from "parley/models/connection";
import { SpaceSync } from "parley/models/space-sync";
import { visits } from "parley/models/visits";

const POLL_MS = 5000;

export class SpaceLive {
  #life = new AbortController();
  #views = new Set();
  #isLive = false; // the server has said that it sends us this Space
  sync;

  constructor({ space, revision }) {
    const { signal } = this.#life;
    const learned = (frame) => connection.learned(frame);
    this.sync = new SpaceSync({ space, revision, get, learned, reload: () => visits.again() });
    const on = (type, hear) => connection.on(type, (frame) => frame.space === space && hear(frame), signal);
    on("space.subscribed", (frame) => {
      this.#isLive = true;
      this.sync.compare(frame.revision);
    });
    on("space.removed", () => (this.#isLive = false));
    on("message.changed", (frame) => this.sync.frame(frame));
    on("space.changed", (frame) => this.sync.noted(frame));
    on("reply.deltas", ({ deltas }) => this.#grow("delta", deltas));
    on("reply.blocks", ({ blocks }) => this.#grow("block", blocks));
    on("reply.note", (note) => this.#grow("note", [note]));
    connection.on("state", () => (this.#isLive = false), signal);
    connection.on("refused", ({ code }) => code === "not_found" && visits.again(), signal);
    connection.on("doubt", () => this.sync.catchUp(), signal);
    connection.subscribe(space);
    const poll = setInterval(() => this.#isLive || connection.isOver || this.sync.isRefused || this.sync.catchUp(), POLL_MS);
    signal.addEventListener("abort", () => {
      clearInterval(poll);
      connection.unsubscribe(space);
    });
  }

  /** A view has what sync needs, grow(kind, detail) for the text of answers, and lost(revision) for when this ends. */
  attach(view, revision) {
    this.#views.add(view);
    this.sync.open(view, revision);
  }

  detach(view) {
    this.#views.delete(view);
    this.sync.close(view);
  }

  end() {
    this.#life.abort();
    for (const view of [...this.#views]) {
      this.detach(view);
      view.lost(this.sync.state.last);
    }
  }

  #grow(kind, details) {
    for (const view of this.#views) for (const detail of details) view.grow(kind, detail);
  }
}
