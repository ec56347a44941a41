// Files on their way to the server: a few at once, each with its progress, and what became of it.
// Called by: file-tray, which hands in how to send one.
// Keeps true: an entry is waiting, sending, sent or failed; a lost connection is tried again by itself and then by
//   hand; what is taken out is never sent. Dispatches "changed" (detail: the entry).
import { Refusal } from "parley/lib/http";
import { gettext } from "parley/lib/words";

const AT_ONCE = 3;
const WAITS_MS = [1000, 4000, 10_000];

export class Uploads extends EventTarget {
  #entries = [];
  #send;
  #wait;
  #number = 0;

  /** `send(file, {onProgress, signal})` resolves to what the server says of the file it has kept. */
  constructor({ send, wait = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    super();
    this.#send = send;
    this.#wait = wait;
  }

  get entries() {
    return [...this.#entries];
  }

  /** What the server says of those it has. */
  get sent() {
    return this.#entries.filter(({ state }) => state === "sent").map(({ kept }) => kept);
  }

  add(file) {
    const entry = { number: ++this.#number, file, name: file.name, size: file.size, state: "waiting", progress: 0 };
    this.#entries.push({ ...entry, ender: new AbortController() });
    this.#changed(this.#entries.at(-1));
    this.#run();
  }

  /** Takes in a file that the server has already. */
  restore(kept) {
    const entry = { number: ++this.#number, name: kept.name, size: kept.size, state: "sent", progress: 1, kept };
    this.#entries.push({ ...entry, ender: new AbortController() });
    this.#changed(this.#entries.at(-1));
  }

  /** Shows a file that was not taken, with the reason. */
  refuse(file, sentence) {
    this.#entries.push({
      ...{ number: ++this.#number, file, name: file.name, size: file.size, progress: 0 },
      ...{ state: "failed", sentence, isFinal: true, ender: new AbortController() },
    });
    this.#changed(this.#entries.at(-1));
  }

  again(number) {
    const entry = this.#find(number);
    if (entry?.state !== "failed" || entry.isFinal) return;
    entry.state = "waiting";
    this.#changed(entry);
    this.#run();
  }

  /** Tries those again that a lost connection had stopped. */
  retryTroubled() {
    for (const entry of this.#entries) if (entry.isTroubled && entry.state === "failed") this.again(entry.number);
  }

  /** Takes an entry out, and returns it. */
  remove(number) {
    const entry = this.#find(number);
    this.#entries = this.#entries.filter((each) => each !== entry);
    entry?.ender.abort();
    if (entry) this.#changed({ ...entry, state: "gone" });
    this.#run();
    return entry;
  }

  clear() {
    for (const { number } of this.entries) this.remove(number);
  }

  /** Resolves when all are with the server; rejects with a sentence when one has failed. */
  settled() {
    return new Promise((resolve, reject) => {
      const look = () => {
        const failed = this.#entries.find(({ state }) => state === "failed");
        const isBusy = this.#entries.some(({ state }) => state === "waiting" || state === "sending");
        if (!failed && isBusy) return;
        this.removeEventListener("changed", look);
        if (failed) reject(new Error(gettext("{name} was not sent. Try it again or take it out.", { name: failed.name })));
        else resolve(this.sent);
      };
      this.addEventListener("changed", look);
      look();
    });
  }

  #run() {
    const sending = this.#entries.filter(({ state }) => state === "sending").length;
    const next = this.#entries.filter(({ state }) => state === "waiting").slice(0, Math.max(0, AT_ONCE - sending));
    for (const entry of next) this.#attempt(entry);
  }

  async #attempt(entry) {
    entry.state = "sending";
    this.#changed(entry);
    try {
      entry.kept = await this.#persist(entry);
      Object.assign(entry, { state: "sent", progress: 1, isTroubled: false });
    } catch (error) {
      if (entry.ender.signal.aborted) return;
      Object.assign(entry, { state: "failed", sentence: error.message, isTroubled: !(error instanceof Refusal) });
    }
    this.#changed(entry);
    this.#run();
  }

  async #persist(entry) {
    const { signal } = entry.ender;
    const onProgress = (progress) => this.#changed(Object.assign(entry, { progress }));
    for (const wait of WAITS_MS) {
      try {
        return await this.#send(entry.file, { onProgress, signal });
      } catch (error) {
        if (error instanceof Refusal || signal.aborted) throw error;
        await this.#wait(wait);
      }
    }
    return this.#send(entry.file, { onProgress, signal });
  }

  #find(number) {
    return this.#entries.find((entry) => entry.number === number);
  }

  #changed(entry) {
    this.dispatchEvent(new CustomEvent("changed", { detail: entry }));
  }
}
