// What is read out to who hears the page: messages of others, and an answer by its states and then as a whole.
// Called by: models/conversation.js, for every change that comes while the page is open.
// Keeps true: text that grows is never read word by word (the logs themselves are silent); a message that stands in
//   the feed and in a thread is read once; what only changed is not read again.
import { ngettext } from "parley/lib/words";

const KEPT_MS = 30_000; // long enough to be spoken; then the page need not carry it
const TOGETHER_MAX = 4;

/** Reads rows of messages that came: pairs of a row and the state in which it was known before, if it was. */
export function readOut(pairs) {
  const rows = pairs.filter(([row, before]) => concerns(row, before)).map(([row]) => row);
  if (rows.length <= TOGETHER_MAX) for (const row of rows) say(words(row), mark(row));
  else say(ngettext("{count} new message", "{count} new messages", rows.length), rows.map(mark).join());
}

function concerns(row, before) {
  if (!row || row.dataset.state === before || row.dataset.state === "deleted") return false;
  return "replyId" in row.dataset || (before === undefined && !("mine" in row.dataset));
}

function mark({ dataset }) {
  return `${dataset.messageId} ${dataset.state}`;
}

function words(row) {
  const isOpen = row.ariaBusy === "true";
  const parts = isOpen ? [".reply__state"] : [".reply__state", ".message__body", ".reply__reason"];
  const texts = parts.map((part) => row.querySelector(part)?.textContent.trim().replace(/\s+/g, " "));
  for (const { dataset } of row.querySelectorAll(".files [data-name]")) texts.push(dataset.name);
  return `${row.querySelector(".message__by").textContent}: ${texts.filter(Boolean).join(". ")}`;
}

function say(sentence, of) {
  const region = document.getElementById("read-out");
  if (!region || [...region.children].some(({ dataset }) => dataset.of === of)) return;
  const line = document.createElement("p");
  line.dataset.of = of;
  line.textContent = sentence;
  region.append(line);
  setTimeout(() => line.remove(), KEPT_MS);
}
