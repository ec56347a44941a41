// The text of an answer in the making: how far it is known, how much of it is finished blocks, and the rest.
// Called by: reply-text. Pure: no page, no network. Offsets are those of String.length.
// Keeps true: text is only ever appended in order; a hole is reported, never papered over.

export class LiveText {
  length = 0; // known up to here
  covered = 0; // shown as finished blocks up to here
  tail = ""; // the text from `covered` to `length`

  /** Takes `{at, text}`; returns false when text before `at` is missing. */
  delta({ at, text }) {
    if (at > this.length) return false;
    const fresh = text.slice(this.length - at);
    this.tail += fresh;
    this.length += fresh.length;
    return true;
  }

  /** Takes `{from, to}` of a finished block; returns "shown", "known" (nothing to do) or "gap". */
  block({ from, to }) {
    if (to <= this.covered) return "known";
    if (from !== this.covered) return "gap";
    this.tail = this.tail.slice(to - from);
    this.covered = to;
    this.length = Math.max(this.length, to);
    return "shown";
  }

  /** Takes the whole: `at` is the length of the text, `tail` what follows the finished blocks. */
  reset({ at, tail }) {
    this.length = at;
    this.covered = at - tail.length;
    this.tail = tail;
  }

  /** The tail as it is shown: without the empty lines around it, a fence in the making as its code. */
  get shown() {
    const text = this.tail.replace(/^\s*\n/, "").replace(/\s+$/, "");
    const fence = /^ {0,3}(`{3,}|~{3,})[^\n]*\n?/.exec(text);
    return fence ? { isCode: true, text: text.slice(fence[0].length) } : { isCode: false, text };
  }
}
