// The line over the first message that is new to who came, and the way to it.
// Called by: message-feed.
// Keeps true: the line stands where it was drawn until the Space is left, however far one reads on; it is never drawn
//   over one's own message, nor where messages before it are not loaded; the way to it is offered until it was seen.

export class NewLine {
  #position;
  #talk;
  #log;
  #button;
  #hasMet = false;
  #isOver = false;

  /** `position` is where one had read up to when one came; `talk` is the conversation that shows the rows. */
  constructor({ position, talk, log, button }) {
    this.#position = position;
    this.#talk = talk;
    this.#log = log;
    this.#button = button;
  }

  /** Draws it where it belongs among the rows that are loaded now. */
  draw() {
    this.#talk.rows.divide(this.#isOver || this.#isBefore ? null : this.#first);
  }

  /** Shows the way to it while it is above what one sees. */
  point() {
    const line = this.#talk.rows.line;
    const { top } = this.#log.getBoundingClientRect();
    if (line && line.getBoundingClientRect().top >= top) this.#hasMet = true;
    const isAbove = Boolean(line) || (!this.#isOver && this.#isBefore);
    this.#button.hidden = this.#hasMet || !isAbove;
  }

  /** From another position on everything is new again; or, without one, nothing is. */
  move(position = null) {
    this.#isOver = position === null;
    this.#position = position ?? this.#position;
    this.#hasMet = true; // one has just pointed at it
    this.draw();
    this.point();
  }

  /** What comes before one's eyes needs no line, unless there is one already. */
  pass(position) {
    if (!this.isShown) this.#position = Math.max(this.#position, position);
  }

  /** Where the first new message is, or would be. */
  get aim() {
    return this.#position + 1;
  }

  get isShown() {
    return Boolean(this.#talk.rows.line) || !this.#button.hidden;
  }

  /** Whether the first new message may lie before what is loaded. */
  get #isBefore() {
    const { more, oldest } = this.#talk.window;
    return more && oldest > this.#position + 1;
  }

  get #first() {
    const rows = this.#talk.rows.all;
    const isNew = ({ dataset }) => Number(dataset.position) > this.#position && dataset.state !== "deleted";
    return rows.find((row) => row.dataset.messageId && !("mine" in row.dataset) && isNew(row)) ?? null;
  }
}
