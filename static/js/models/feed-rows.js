// The rows of a feed in their order: messages by position, what is on its way after them, days between them.
// Called by: message-feed.
// Keeps true: one row a message, replaced in place; a divider stands before the first row of a day; a row that
//   follows one of the same person within five minutes says so; rows that concern who looks are marked.
import { dayKey, dayName } from "parley/lib/dates";
import { clone } from "parley/lib/html";
import { say } from "parley/lib/words";

const FOLLOW_UP_MS = 5 * 60_000;

export class FeedRows {
  #column;
  #viewer;

  /** `viewer` is `{member, mayManage}`. */
  constructor(column, viewer) {
    this.#column = column;
    this.#viewer = viewer;
    for (const row of this.all) {
      this.#dress(row);
      this.finish(row);
    }
  }

  get all() {
    return [...this.#column.querySelectorAll(":scope > [data-message-id], :scope > [data-pending]")];
  }

  /** What the rows say of their messages. */
  get known() {
    return this.all.filter(({ dataset }) => dataset.messageId).map(({ dataset }) => ({
      id: dataset.messageId,
      client_id: dataset.clientId,
      position: Number(dataset.position),
      revision: Number(dataset.revision),
      state: dataset.state,
    }));
  }

  find(messageId) {
    return this.#column.querySelector(`:scope > [data-message-id="${CSS.escape(messageId)}"]`);
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
    const { messageId, clientId } = row.dataset;
    const old = this.find(messageId);
    const own = !old && clientId ? this.pending(clientId) : null;
    if (old) old.replaceWith(row);
    else {
      if (own) this.remove(own);
      this.#place(row);
    }
    this.#dress(row);
    this.#dressNext(row);
    this.finish(row);
    return !old && !own && !this.#nextMessage(row);
  }

  /** Adds a row that is on its way. */
  pend(row) {
    this.#column.append(row);
    this.#dress(row);
  }

  remove(row) {
    const next = this.#next(row);
    if (row.previousElementSibling?.matches(".day")) row.previousElementSibling.remove();
    row.remove();
    if (next) this.#dress(next);
  }

  /** What only a browser adds to a text: copy buttons, links that leave the page alone, one's own mentions. */
  finish(text) {
    for (const code of text.querySelectorAll("pre:not(.code > pre)")) {
      const box = document.createElement("div");
      box.className = "code";
      code.replaceWith(box);
      box.append(code, clone("code-copy"));
      code.tabIndex = 0;
    }
    for (const link of text.querySelectorAll(".prose a[href^='http']")) link.target = "_blank";
    const mine = `[data-mention="M:${CSS.escape(this.#viewer.member)}"]`;
    for (const name of text.querySelectorAll(mine)) name.dataset.me = "";
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
    while (before?.matches(".day")) before = before.previousElementSibling;
    return before?.dataset.kind ? before : null;
  }

  #next(row) {
    let after = row.nextElementSibling;
    while (after?.matches(".day")) after = after.nextElementSibling;
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
    const isNewDay = !before || dayKey(momentOf(before)) !== dayKey(at);
    if (isNewDay && !divider) row.before(day(at));
    if (!isNewDay) divider?.remove();
    row.toggleAttribute("data-follow-up", !isNewDay && follows(before, row, at));
    this.#mark(row);
  }

  #mark(row) {
    const { member, mayManage } = this.#viewer;
    const { authorId, mentionIds = "", askedBy } = row.dataset;
    row.toggleAttribute("data-mine", authorId === member);
    const callsAll = authorId !== member && row.querySelector('[data-mention^="G:"]');
    row.toggleAttribute("data-mentions-me", Boolean(callsAll) || mentionIds.split(" ").includes(member));
    row.toggleAttribute("data-may-act", Boolean(askedBy) && (mayManage || askedBy === member));
  }
}

function momentOf(row) {
  return new Date(row.querySelector("time")?.dateTime || Date.now());
}

function follows(before, row, at) {
  if (row.dataset.kind !== "member" || before.dataset.kind !== "member") return false;
  return before.dataset.authorId === row.dataset.authorId && at - momentOf(before) < FOLLOW_UP_MS;
}

function day(at) {
  const row = clone("day-divider");
  const time = row.querySelector("time");
  time.textContent = dayName(at);
  time.dateTime = at.toISOString().slice(0, 10);
  return row;
}
