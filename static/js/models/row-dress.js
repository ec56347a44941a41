// What only a browser adds to the row of a message: marks for who looks, copy buttons, days.
// Called by: models/feed-rows.js.
// Keeps true: dressing a row twice changes nothing; what a row says of its message is never changed.
import { dayName } from "parley/lib/dates";
import { clone } from "parley/lib/html";

const FOLLOW_UP_MS = 5 * 60_000;

/** Copy buttons, links that leave the page alone, one's own mentions. */
export function finish(text, member) {
  for (const code of text.querySelectorAll("pre:not(.code > pre)")) {
    const box = document.createElement("div");
    box.className = "code";
    code.replaceWith(box);
    box.append(code, clone("code-copy"));
    code.tabIndex = 0;
  }
  for (const table of text.querySelectorAll(".prose table")) table.tabIndex = 0; // where it is too wide, it scrolls
  for (const link of text.querySelectorAll(".prose a[href^='http']")) link.target = "_blank";
  for (const name of text.querySelectorAll(`[data-mention="M:${CSS.escape(member)}"]`)) name.dataset.me = "";
}

/** Marks a row that concerns who looks. */
export function mark(row, { member, mayManage }) {
  const { authorId, mentionIds = "", askedBy } = row.dataset;
  row.toggleAttribute("data-mine", authorId === member);
  row.toggleAttribute("data-asked-by-me", askedBy === member);
  const callsAll = authorId !== member && row.querySelector('[data-mention^="G:"]');
  row.toggleAttribute("data-mentions-me", Boolean(callsAll) || mentionIds.split(" ").includes(member));
  row.toggleAttribute("data-may-act", Boolean(askedBy) && (mayManage || askedBy === member));
  for (const chip of row.querySelectorAll(".reaction")) {
    chip.ariaPressed = String(chip.dataset.memberIds.split(" ").includes(member));
  }
}

/** Gives the ids in a row a prefix, so that the same message may stand on a page twice. */
export function rename(row, prefix) {
  if (!prefix || row.id.startsWith(prefix)) return;
  for (const node of [row, ...row.querySelectorAll("[id]")]) node.id = prefix + node.id;
  const label = row.getAttribute("aria-labelledby");
  if (label) row.setAttribute("aria-labelledby", prefix + label);
}

export function momentOf(row) {
  return new Date(row.querySelector("time")?.dateTime || Date.now());
}

/** Whether a row follows one of the same person, in the same thread or in none, within five minutes. */
export function follows(before, row, at) {
  if ((row.dataset.parent ?? "") !== (before.dataset.parent ?? "") && !row.hasAttribute("data-pending")) return false;
  if (row.hasAttribute("data-deed")) return false; // it reads on from the name above it
  if (row.dataset.kind !== "member" || before.dataset.kind !== "member") return false;
  return before.dataset.authorId === row.dataset.authorId && at - momentOf(before) < FOLLOW_UP_MS;
}

/** The divider before the first row of a day. */
export function day(at) {
  const row = clone("day-divider");
  const time = row.querySelector("time");
  const [month, date] = [at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0"));
  time.dateTime = `${at.getFullYear()}-${month}-${date}`;
  nameDay(row);
  return row;
}

/** Says again what a divider's day is called. */
export function nameDay(row) {
  const time = row.querySelector("time");
  time.textContent = dayName(new Date(`${time.dateTime}T00:00`));
}
