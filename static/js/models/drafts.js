// What a person wrote in a Space and has not sent, kept over a reload.
// Called by: message-composer.
// Keeps true: one draft a person and Space; unsent messages lie one by one, so that two tabs do not overwrite
//   each other's.
import { keysUnder, read, write } from "parley/lib/store";

export class Drafts {
  #draft;
  #unsent;

  constructor({ member, space }) {
    this.#draft = `draft:${member}:${space}`;
    this.#unsent = `unsent:${member}:${space}:`;
  }

  get text() {
    return read(this.#draft) ?? "";
  }

  set text(text) {
    write(this.#draft, text.trim() ? text : "");
  }

  /** Keeps an unsent message, or forgets it when `item` is null. */
  keep(item, clientId) {
    write(this.#unsent + clientId, item ? JSON.stringify(item) : "");
  }

  /** The messages that were not sent, oldest first. */
  get unsent() {
    return keysUnder(this.#unsent)
      .map((key) => parse(read(key)))
      .filter((item) => item?.clientId && typeof item.text === "string")
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
