// The one live connection of a page, shared by all that listen.
// Called by: page.js opens it; elements listen to frames by their type, and to "state" and "doubt".
// Keeps true: a Space that was subscribed is subscribed again after every reconnect.
import { LiveSocket } from "parley/lib/socket";

class Connection extends EventTarget {
  #socket = null;
  #spaces = new Map(); // how many listen to each

  get state() {
    return this.#socket?.state ?? "idle";
  }

  /** Whether it has ended for good: signed out, or no longer a member. */
  get isOver() {
    return this.state === "signed-out" || this.state === "removed";
  }

  open(org) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new LiveSocket(`${scheme}//${location.host}/orgs/${encodeURIComponent(org)}/socket/`);
    this.#socket.addEventListener("frame", ({ detail }) => this.#tell(detail.type, detail));
    this.#socket.addEventListener("doubt", () => this.#tell("doubt"));
    this.#socket.addEventListener("state", () => {
      if (this.state === "open") for (const space of this.#spaces.keys()) this.#ask(space);
      this.#tell("state");
    });
    this.#socket.open();
  }

  subscribe(space) {
    this.#spaces.set(space, (this.#spaces.get(space) ?? 0) + 1);
    this.#ask(space);
  }

  /** Whether the frame went out. What is said this way is of no account later. */
  send(frame) {
    return this.#socket?.send(frame) ?? false;
  }

  unsubscribe(space) {
    const left = (this.#spaces.get(space) ?? 0) - 1;
    if (left > 0) this.#spaces.set(space, left);
    else if (this.#spaces.delete(space)) this.#socket?.send({ type: "space.unsubscribe", space });
  }

  /** Listens until `signal` aborts; `hear` gets the frame. */
  on(type, hear, signal) {
    this.addEventListener(type, ({ detail }) => hear(detail), { signal });
  }

  /** Tells what was learned in another way than by a frame, as if it had been one. */
  learned(frame) {
    this.#tell(frame.type, frame);
  }

  #ask(space) {
    this.#socket?.send({ type: "space.subscribe", space });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export const connection = new Connection();
