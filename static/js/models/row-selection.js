// The message that is selected by keyboard: the one that has the focus by J, K or an arrow.
// Called by: message-actions.
// Keeps true: a message that one only clicked is not selected, so that what is typed next still goes to the composer.

export class RowSelection {
  #query;
  #last = null;

  constructor(query) {
    this.#query = query;
  }

  /** The selected row, or null. */
  get row() {
    const row = document.activeElement?.closest?.("[data-selected]");
    return row?.matches(this.#query) ? row : null;
  }

  /** Whether J and K mean messages: one is selected, or the keyboard has come to the feed. */
  get mayMove() {
    return Boolean(this.row) || Boolean(document.activeElement?.matches("[role=log]:focus-visible"));
  }

  /** Selects the next row, or the one before; at first the last one in view. */
  move(step) {
    const log = document.activeElement.closest("[role=log]");
    const rows = [...log.querySelectorAll(this.#query)];
    const from = rows.indexOf(this.row);
    const to = from < 0 ? lastInView(log, rows) : from + step;
    if (rows[to]) this.select(rows[to]);
  }

  select(row) {
    this.clear();
    row.tabIndex = -1;
    row.dataset.selected = "";
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    this.#last = row;
  }

  clear() {
    for (const row of document.querySelectorAll("[data-selected]")) {
      delete row.dataset.selected;
      row.removeAttribute("tabindex");
      if (document.activeElement === row) row.closest("[role=log]")?.focus({ preventScroll: true });
    }
  }

  /** Back to the row that was selected before a menu or a dialog. */
  focusAgain() {
    if (this.#last?.isConnected && "selected" in this.#last.dataset) this.#last.focus({ preventScroll: true });
  }
}

function lastInView(log, rows) {
  const { bottom } = log.getBoundingClientRect();
  return rows.findLastIndex((row) => row.getBoundingClientRect().top < bottom - 8);
}
