// Finds the mention that is being typed before the caret, and the groups that a whole text calls.
// Called by: mention-list, call-note.
// Keeps true: an address such as ana@example.org and anything within code is not a mention.

const TYPED = /(^|[\s([{"'“‘«*_~>,;:/|-])@([\p{L}\p{N}][\p{L}\p{N}._:/-]*)?$/u;
const LONGEST = 64;
const GROUPS = ["here", "space"];
const CALLED = /(?<![\p{L}\p{N}_@.+/-])@([a-z0-9](?:[a-z0-9._-]{0,118}[a-z0-9])?)/giu;

/** `{from, query}` of the mention at the caret, `from` being the place of its @, or null. */
export function mentionAt(text, caret) {
  const before = text.slice(Math.max(0, caret - LONGEST - 2), caret);
  const found = TYPED.exec(before);
  if (!found) return null;
  const query = found[2] ?? "";
  const from = caret - query.length - 1;
  return isCode(text, from) ? null : { from, query };
}

/** The groups that a text calls, as the server reads it: not in code, not in what is quoted. */
export function groupsIn(text) {
  const found = [...text.matchAll(CALLED)].filter(({ index, 1: name }) => {
    const line = text.slice(text.lastIndexOf("\n", index - 1) + 1, index);
    return GROUPS.includes(name.toLowerCase()) && !/^ {0,3}>/.test(line) && !isCode(text, index);
  });
  return [...new Set(found.map(([, name]) => name.toLowerCase()))];
}

/** Whether the place lies within a fenced block or an open code span. */
export function isCode(text, place) {
  let fence = null;
  let paragraph = 0;
  for (let start = 0; start <= place; ) {
    const end = text.indexOf("\n", start) < 0 ? text.length : text.indexOf("\n", start);
    const line = text.slice(start, end);
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (place <= end) return true;
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && !line.trim().slice(mark.length).trim()) {
        fence = null;
        paragraph = end + 1;
      }
    } else if (mark && !(mark[0] === "`" && line.trim().slice(mark.length).includes("`"))) {
      fence = mark;
    } else if (!line.trim()) {
      paragraph = end + 1;
    }
    start = end + 1;
  }
  return inSpan(text.slice(paragraph, place), text.slice(place));
}

/** A run of backticks that is open before the place, and is closed after it or still being written. */
function inSpan(before, after) {
  let open = 0;
  for (const [run] of before.matchAll(/`+/g)) {
    if (!open) open = run.length;
    else if (run.length === open) open = 0;
  }
  if (!open) return false;
  const rest = after.replace(/^[^\s`]+/, "").split(/\n\s*\n/, 1)[0];
  return !rest.trim() || [...rest.matchAll(/`+/g)].some(([run]) => run.length === open);
}
