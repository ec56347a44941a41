// The rows of a feed in their order: messages by position, what is on its way after them, days between them.
// Called by: models/conversation.js.
// Keeps true: one row a message, replaced in place; a divider stands before the first row of a day; a row that
//   follows one of the same person within five minutes says so; rows that concern who looks are marked.
import { dayKey } from "parley/lib/dates";
import { clone } from "parley/lib/html";
import { patch } from "parley/lib/patch";
import { say } from "parley/lib/words";
import { fold } from "parley/models/folding";
import { day, finish, follows, mark, momentOf, nameDay, rename } from "parley/models/row-dress";

const LINES = ".day, .new-line"; // between rows; a day stands right before its row

export class FeedRows {
  #column;
  #viewer;
  #rootBox;
  #prefix;

  /** `viewer` is `{member, mayManage}`. A thread's root stands apart, in [data-root]; `prefix` keeps the ids of rows
   * apart from those of the same messages elsewhere on the page. */
  constructor(column, viewer, prefix = "") {
    this.#column = column;
    this.#viewer = viewer;
    this.#prefix = prefix;
    this.#rootBox = column.querySelector(":scope > [data-root]");
    for (const row of [this.#root, ...this.all].filter(Boolean)) {
      rename(row, prefix);
      this.#dress(row);
      this.finish(row);
      fold(row);
    }
  }

  get all() {
    return [...this.#column.querySelectorAll(":scope > [data-message-id], :scope > [data-pending]")];
  }

  /** What the rows say of their messages. */
  get known() {
    const rows = [this.#root, ...this.all].filter((row) => row?.dataset.messageId);
    return rows.map(({ dataset }) => ({
      id: dataset.messageId,
      position: Number(dataset.position),
      revision: Number(dataset.revision),
    }));
  }

  /** The last message that the server has, or null. */
  get last() {
    return this.all.findLast(({ dataset }) => dataset.messageId) ?? this.#root;
  }

  find(messageId) {
    const query = `:scope > [data-message-id="${CSS.escape(messageId)}"]`;
    return this.#rootBox?.querySelector(query) ?? this.#column.querySelector(query);
  }

  pending(clientId) {
    return this.#column.querySelector(`:scope > [data-pending][data-client-id="${CSS.escape(clientId)}"]`);
  }

  /** Whether the server's row of this client id is here already. */
  hasSent(clientId) {
    return Boolean(this.#column.querySelector(`:scope > [data-message-id][data-client-id="${CSS.escape(clientId)}"]`));
  }

  /** Puts a row from the server in its place; returns true if it stands at the end and was not there before. */
  put(row) {
    say(row);
    rename(row, this.#prefix);
    const { messageId, clientId } = row.dataset;
    const old = this.find(messageId);
    const own = !old && clientId ? this.pending(clientId) : null;
    if (old) {
      mark(row, this.#viewer);
      this.finish(row);
      patch(old, row);
      row = old;
    } else {
      if (own) this.remove(own);
      this.#place(row);
    }
    this.#dress(row);
    this.#dressNext(row);
    this.finish(row);
    fold(row);
    return !old && !own && !this.#nextMessage(row);
  }

  /** Adds a row that is on its way. */
  pend(row) {
    this.#column.append(row);
    this.#dress(row);
  }

  /** The line over what is new, or null. */
  get line() {
    return this.#column.querySelector(":scope > .new-line");
  }

  /** Draws the line over a row; without one, there is none. */
  divide(row) {
    const { line } = this;
    const below = line && this.#next(line);
    const head = row?.previousElementSibling?.matches(".day") ? row.previousElementSibling : row;
    if (line?.nextElementSibling === (head ?? undefined)) return;
    line?.remove();
    head?.before(line ?? clone("new-line"));
    for (const each of [below, row]) if (each) this.#dress(each);
  }

  /** Takes away what came from the server; what is on its way stays. */
  clear() {
    for (const row of this.#column.querySelectorAll(":scope > :is(.day, .new-line, [data-message-id])")) row.remove();
    for (const row of this.all) this.#dress(row);
  }

  remove(row) {
    const next = this.#next(row);
    if (row.previousElementSibling?.matches(".day")) row.previousElementSibling.remove();
    row.remove();
    if (next) this.#dress(next);
  }

  /** Another day has begun: "Today" was yesterday. */
  redate() {
    for (const row of this.#column.querySelectorAll(":scope > .day")) nameDay(row);
  }

  /** What only a browser adds to a text that has come or grown. */
  finish(text) {
    finish(text, this.#viewer.member);
  }

  get #root() {
    return this.#rootBox?.querySelector(":scope > [data-message-id]") ?? null;
  }

  #place(row) {
    const position = Number(row.dataset.position);
    let after = this.#last();
    while (after && !(Number(after.dataset.position) < position)) after = this.#previous(after);
    if (after) after.after(row);
    else this.#putFirst(row);
  }

  #putFirst(row) {
    const first = this.#column.querySelector(":scope > .day, :scope > [data-kind]");
    if (first) first.before(row);
    else this.#column.append(row);
  }

  #last() {
    let row = this.#column.lastElementChild;
    while (row && !row.dataset.kind) row = row.previousElementSibling;
    return row;
  }

  #previous(row) {
    let before = row.previousElementSibling;
    while (before?.matches(LINES)) before = before.previousElementSibling;
    return before?.dataset.kind ? before : null;
  }

  #next(row) {
    let after = row.nextElementSibling;
    while (after?.matches(LINES)) after = after.nextElementSibling;
    return after?.dataset.kind ? after : null;
  }

  #nextMessage(row) {
    const next = this.#next(row);
    return next?.dataset.messageId ? next : null;
  }

  #dressNext(row) {
    const next = this.#next(row);
    if (next) this.#dress(next);
  }

  #dress(row) {
    const before = this.#previous(row);
    const at = momentOf(row);
    const divider = row.previousElementSibling?.matches(".day") ? row.previousElementSibling : null;
    const earlier = before ?? (row === this.#root ? null : this.#root);
    const isNewDay = !earlier || dayKey(momentOf(earlier)) !== dayKey(at);
    if (isNewDay && !divider) row.before(day(at));
    if (!isNewDay) divider?.remove();
    row.toggleAttribute("data-follow-up", !isNewDay && !this.#isUnderLine(row) && Boolean(before) && follows(before, row, at));
    mark(row, this.#viewer);
  }

  #isUnderLine(row) {
    return Boolean(row.previousElementSibling?.matches(".new-line"));
  }
}
