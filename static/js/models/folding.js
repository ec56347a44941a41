// Long messages: cut at some lines by the style sheet, with a button that shows the rest.
// Called by: models/feed-rows. What the reader unfolds stays so while the page lives, whatever is sent again meanwhile.
// Keeps true: an answer that is being written, a message that was searched for or linked to, and one in which the focus
//   stands are not cut; all is measured before it is painted, so nothing jumps. Holds ids of messages, nothing else.
import { clone } from "parley/lib/html";
import { gettext } from "parley/lib/words";

// A little longer than where it is cut: a button for two more lines helps nobody.
const SHORT_LINES = 26;
const OPEN = ":target, [data-found], [aria-busy=true]";

const unfolded = new Set();
const followed = new WeakSet();
const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));

/** Follows the text of a row from the server. */
export function fold(row) {
  const text = row.querySelector(":scope > .message__body");
  if (!text || !row.dataset.messageId) return;
  open(row, isOpen(row));
  if (followed.has(text)) return; // a row that is sent again may keep its text
  followed.add(text);
  text.addEventListener("focusin", () => isHidden(text) && turn(row, true));
  text.addEventListener("scroll", () => turn(row, true)); // the browser's own search has found something in there
  watcher.observe(text);
}

function look(text) {
  const row = text.closest(".message");
  if (!row) return;
  const isShort = text.scrollHeight <= SHORT_LINES * parseFloat(getComputedStyle(text).lineHeight);
  row.toggleAttribute("data-short", isShort);
  if (isOpen(row)) open(row, true);
  const button = row.querySelector(":scope > .fold");
  if (isShort || row.ariaBusy === "true") button?.remove();
  else if (!button) text.after(made(row));
}

function isOpen(row) {
  if (row.matches(OPEN)) unfolded.add(row.dataset.messageId);
  return unfolded.has(row.dataset.messageId);
}

function open(row, isUnfolded) {
  row.toggleAttribute("data-unfolded", isUnfolded);
  const button = row.querySelector(":scope > .fold");
  if (button) say(button, isUnfolded);
}

function made(row) {
  const button = clone("fold");
  say(button, isOpen(row));
  button.addEventListener("click", () => turn(row, !row.hasAttribute("data-unfolded")));
  return button;
}

function turn(row, isUnfolded) {
  const { messageId } = row.dataset;
  if (isUnfolded) unfolded.add(messageId);
  else unfolded.delete(messageId);
  row.querySelector(":scope > .message__body").scrollTop = 0;
  open(row, isUnfolded);
  if (!isUnfolded && row.getBoundingClientRect().top < 0) row.scrollIntoView({ block: "start" });
}

function say(button, isUnfolded) {
  button.ariaExpanded = String(isUnfolded);
  button.textContent = isUnfolded ? gettext("Show less") : gettext("Show more");
}

function isHidden(text) {
  const focused = document.activeElement?.getBoundingClientRect();
  return focused && focused.bottom > text.getBoundingClientRect().bottom;
}
