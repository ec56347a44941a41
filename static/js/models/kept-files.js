// The files that were sent to the server and are in no message yet, by their ids in this browser: a reload keeps them.
// Called by: file-tray.
// Keeps true: an id is forgotten when the server has no such file, or a message has taken it; never because the server
//   could not be asked.
import { get } from "parley/lib/http";
import { read, write } from "parley/lib/store";
import { isUuid } from "parley/lib/uuid";

export class KeptFiles {
  #key;
  #noted; // of an earlier page, of which the server has not yet said that it has them
  #asking = null;

  constructor(key) {
    this.#key = key;
    this.#noted = new Set(parsed(read(key)));
  }

  /** Whether the server has answered for all. */
  get areKnown() {
    return !this.#noted.size;
  }

  /** Keeps these, and those not yet known. */
  note(ids) {
    const all = new Set([...ids, ...this.#noted]);
    write(this.#key, all.size ? JSON.stringify([...all]) : "");
  }

  forget(ids) {
    for (const id of ids) this.#noted.delete(id);
  }

  /** Asks for those not yet known, and hands each to `take(file)`: null where the server has it no longer. */
  restore(take, signal) {
    this.#asking ??= this.#ask(take, signal).finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask(take, signal) {
    for (const id of this.#noted) {
      const file = await fileOf(id, signal);
      if (file === undefined || signal.aborted) return;
      if (this.#noted.delete(id)) take(file);
    }
  }
}

/** Null where it is gone, undefined where nobody knows. */
async function fileOf(id, signal) {
  try {
    return (await get(`/files/${id}/`, { signal })).file;
  } catch (error) {
    return error.status === 404 ? null : undefined;
  }
}

function parsed(text) {
  try {
    const ids = JSON.parse(text || "[]");
    return Array.isArray(ids) ? ids.filter(isUuid) : [];
  } catch {
    return [];
  }
}
