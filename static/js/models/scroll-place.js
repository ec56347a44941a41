// Keeps the place of who reads: at the end while at the end, else on the row that is being read.
// Called by: message-feed.
// Keeps true: rows that come, grow or change anywhere move nothing that is on screen. Why by hand: browsers
//   differ in scroll anchoring, and none follows the end.

const NEAR_PX = 100;

export class ScrollPlace {
  #scroller;
  #content;
  #anchor = null;
  #watcher = new ResizeObserver(() => this.hold());
  #onMove;
  atEnd = true;

  /** `content` is the only child that grows; its rows are its children, those with an id can be anchors. */
  constructor(scroller, content, onMove) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onMove = onMove;
    scroller.addEventListener("scroll", this.#moved, { passive: true });
    document.addEventListener("visit.leaving", this.#leaving);
    document.addEventListener("visit.landed", this.#landed);
    this.#watcher.observe(content);
    this.#watcher.observe(scroller);
  }

  end() {
    document.removeEventListener("visit.leaving", this.#leaving);
    document.removeEventListener("visit.landed", this.#landed);
    this.#watcher.disconnect();
    this.#scroller.removeEventListener("scroll", this.#moved);
  }

  get distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** The first row that reaches into view. */
  get first() {
    return this.#anchor && document.getElementById(this.#anchor.id);
  }

  /** The position of the last message that reaches into view; 0 where there is none. */
  get lastSeen() {
    const { bottom } = this.#scroller.getBoundingClientRect();
    const rows = [...this.#content.querySelectorAll(":scope > [data-position]")];
    const row = this.atEnd ? rows.at(-1) : rows.findLast((each) => each.getBoundingClientRect().top < bottom - 8);
    return Number(row?.dataset.position ?? 0);
  }

  toEnd() {
    this.atEnd = true;
    this.hold();
    this.#onMove();
  }

  toRow(row, block = "center") {
    this.atEnd = false;
    row.scrollIntoView({ block });
    this.#note();
  }

  /** Where the reader is goes along with the page's address, to come back to; nothing at the end. */
  #leaving = ({ detail }) => {
    if (!this.atEnd) detail.keep(this.#scroller.parentElement.id, this.#anchor);
  };

  #landed = ({ detail }) => {
    const kept = detail.kept[this.#scroller.parentElement.id];
    if (!kept || !document.getElementById(kept.id)) return;
    this.atEnd = false;
    this.#anchor = kept;
    this.hold();
  };

  /** Puts the reader back where they were; called after every change of the rows. */
  hold() {
    if (this.atEnd) {
      if (this.distanceToEnd > 0.5) this.#scroller.scrollTop = this.#scroller.scrollHeight;
      return;
    }
    const row = this.first;
    if (!row) return;
    const shift = row.getBoundingClientRect().top - this.#top - this.#anchor.offset;
    if (Math.abs(shift) >= 0.5) this.#scroller.scrollTop += shift;
  }

  get #top() {
    return this.#scroller.getBoundingClientRect().top;
  }

  #moved = () => {
    this.atEnd = this.distanceToEnd <= NEAR_PX;
    this.#note();
    this.#onMove();
  };

  /** Remembers the first row that reaches into view, and where it stands. */
  #note() {
    const top = this.#top;
    const rows = this.#content.children;
    let low = 0;
    for (let high = rows.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    while (low < rows.length && !rows[low].id) low += 1;
    const row = rows[low];
    this.#anchor = row ? { id: row.id, offset: row.getBoundingClientRect().top - top } : null;
  }
}
