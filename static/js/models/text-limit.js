// How many characters are left in a text, said under its field when there are few.
// Called by: message-composer.
import { gettext, ngettext } from "parley/lib/words";

const NEAR = 1000;

export class TextLimit {
  #field;
  #box;
  #limit;

  constructor({ field, box, limit }) {
    this.#field = field;
    this.#box = box;
    this.#limit = limit;
  }

  /** Shows it; returns whether the text fits. */
  show() {
    const text = this.#field.value;
    const left = text.length < this.#limit - NEAR ? NEAR : this.#limit - [...text].length;
    this.#box.textContent = left < NEAR ? words(left) : "";
    this.#box.toggleAttribute("data-over", left < 0);
    return left >= 0;
  }

  /** Why it cannot be sent. */
  get sentence() {
    const [limit, length] = [this.#limit, [...this.#field.value].length];
    return gettext("A message holds {limit} characters and this is {length}. Send it in parts.", { limit, length });
  }
}

function words(left) {
  if (left < 0) return ngettext("{count} character too many", "{count} characters too many", -left);
  return ngettext("{count} character left", "{count} characters left", left);
}
