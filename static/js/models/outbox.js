// Messages on their way: sent one after another, in the order in which they were written.
// Called by: message-composer, which hands in how to send and how to wait.
// Keeps true: an item leaves only when the server has it, refused it, or the person discards it; sending twice is
//   safe, since the server knows the client id; what found no server is known from what was refused. Dispatches
//   "failed", "settled", "refused" (detail: item and more).
import { Refusal } from "parley/lib/http";

const WAITS_MS = [800, 2500];
const STALE_MS = 600_000; // by then what was said may no longer fit: a person decides

export class Outbox extends EventTarget {
  #items = [];
  #busy = false;
  #send;
  #keep;
  #wait;

  /** `send(item)` resolves to the server's answer; `keep(item | null, clientId)` stores or forgets an item. */
  constructor({ send, keep, wait = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    super();
    this.#send = send;
    this.#keep = keep;
    this.#wait = wait;
  }

  get items() {
    return [...this.#items];
  }

  /** Those that found no server a little while ago. */
  get lost() {
    return this.#items.filter(({ state, isLost, at }) => state === "failed" && isLost && Date.now() - at < STALE_MS);
  }

  add(item) {
    this.#items.push({ state: "waiting", ...item });
    this.#keep(this.#items.at(-1), item.clientId);
    this.#run();
  }

  /** Takes back an item that an earlier page kept; one that was on its way is sent again. */
  restore(item) {
    this.#items.push(item);
    this.#run();
  }

  retry(clientId) {
    const item = this.#find(clientId);
    if (!item || item.state === "waiting") return;
    item.state = "waiting";
    item.isLost = false;
    this.#run();
  }

  /** Forgets the item; returns it. */
  discard(clientId) {
    const item = this.#find(clientId);
    this.#items = this.#items.filter((each) => each !== item);
    this.#keep(null, clientId);
    return item;
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    for (let item = this.#next(); item; item = this.#next()) await this.#attempt(item);
    this.#busy = false;
  }

  async #attempt(item) {
    try {
      const answer = await this.#persist(item);
      this.discard(item.clientId);
      this.#tell("settled", { item, answer });
    } catch (error) {
      if (error instanceof Refusal) this.#refused(item, error);
      else this.#failed(error);
    }
  }

  /** Sends, and sends again where trouble may pass by itself. */
  async #persist(item) {
    for (const wait of WAITS_MS) {
      try {
        return await this.#send(item);
      } catch (error) {
        if (error instanceof Refusal) throw error;
        await this.#wait(wait);
      }
    }
    return this.#send(item);
  }

  #refused(item, refusal) {
    item.state = "failed";
    item.sentence = refusal.message;
    this.#keep(item, item.clientId);
    this.#tell("refused", { item, refusal });
  }

  /** What waits behind a message that could not be sent stays behind it. */
  #failed(error) {
    for (const item of this.#items.filter(({ state }) => state === "waiting")) {
      item.state = "failed";
      item.isLost = true;
      item.sentence = error.message;
      this.#keep(item, item.clientId);
      this.#tell("failed", { item });
    }
  }

  #next() {
    return this.#items.find(({ state }) => state === "waiting");
  }

  #find(clientId) {
    return this.#items.find((item) => item.clientId === clientId);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
