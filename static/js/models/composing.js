// A message on its way from a composer to the server, and what becomes of it: pending, sent, failed, refused.
// Called by: message-composer, which hands in its feed, its drafts, how to send and where to say a sentence.
// Keeps true: nothing is lost between the field and the server; what was refused goes back into the field, unless
//   something else is being written there. Dispatches "refused" (detail: the item and the refusal), and
//   "noticed" (detail: what a command answers, where it was sent as a message).
import { uuid } from "parley/lib/uuid";
import { connection } from "parley/models/connection";
import { Outbox } from "parley/models/outbox";

export class Composing extends EventTarget {
  #feed;
  #drafts;
  #outbox;
  #say;
  #giveBack;

  /** `giveBack(text)` puts a text back into the field and returns whether there was room for it. */
  constructor({ feed, drafts, send, say, giveBack }) {
    super();
    this.#feed = feed;
    this.#drafts = drafts;
    this.#say = say;
    this.#giveBack = giveBack;
    this.#outbox = new Outbox({ send, keep: (item, clientId) => drafts.keep(item, clientId) });
  }

  /** Follows the feed's pending rows until `signal` aborts, and sends what an earlier page, or a lost connection, could
   * not. */
  start(signal) {
    this.#outbox.addEventListener("settled", ({ detail }) => this.#settled(detail));
    this.#outbox.addEventListener("failed", ({ detail }) => this.#feed.mark(detail.item));
    this.#outbox.addEventListener("refused", ({ detail }) => this.#refused(detail));
    this.#feed.addEventListener("pending.retry", ({ detail }) => this.#retry(detail), { signal });
    this.#feed.addEventListener("pending.discard", ({ detail }) => this.discard(detail), { signal });
    this.#feed.addEventListener("feed.refused", ({ detail }) => this.#say(detail), { signal });
    connection.on("state", this.#reached, signal);
    for (const item of this.#drafts.unsent) {
      if (this.#feed.pend(item)) this.#outbox.restore(item);
      else this.#drafts.keep(null, item.clientId);
    }
  }

  /** Shows the message at once, and sends it with these fields. */
  post(text, fields) {
    const item = { clientId: uuid(), text, fields, at: Date.now() };
    this.#feed.pend(item);
    this.#outbox.add(item);
  }

  discard(clientId) {
    this.#outbox.discard(clientId);
    this.#feed.drop(clientId);
  }

  #settled({ item, answer }) {
    if (answer.notice) this.dispatchEvent(new CustomEvent("noticed", { detail: answer.notice }));
    else this.#feed.settle(answer);
    this.#feed.drop(item.clientId);
  }

  #refused({ item, refusal }) {
    this.#say(refusal.message, refusal.liftedAt);
    if (this.#giveBack(item.text)) {
      this.discard(item.clientId);
      this.dispatchEvent(new CustomEvent("refused", { detail: { item, refusal } }));
    } else this.#feed.mark(item);
  }

  #reached = () => {
    if (connection.state === "open") for (const { clientId } of this.#outbox.lost) this.#retry(clientId);
  };

  #retry(clientId) {
    this.#say("");
    this.#feed.mark({ clientId, state: "waiting" });
    this.#outbox.retry(clientId);
  }
}
