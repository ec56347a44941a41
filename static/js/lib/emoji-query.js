// Finds the :shortcode that is being typed before the caret, and the emoji that fit it.
// Called by: emoji-list. Pure.
// Keeps true: a time (10:30), an address (https://) and anything within code is no shortcode; a name is found in English
//   and in Chinese, as it begins before as it contains.
import { isCode } from "parley/lib/mention-query";

const TYPED = /(^|[\s([{"'“‘*_~>（「])([:：])([\p{L}\p{N}+_-]{1,40})([:：]?)$/u;
const LATIN_MIN = 2; // ":d" is a smile, and no name yet
const SHOWN_MAX = 8;

/** `{from, query, isClosed}` of the shortcode at the caret, `from` being the place of its colon, or null. */
export function emojiAt(text, caret) {
  const found = TYPED.exec(text.slice(Math.max(0, caret - 44), caret));
  if (!found) return null;
  const [, , colon, name, end] = found;
  const from = caret - end.length - name.length - colon.length;
  if ((name.length < LATIN_MIN && /^[\x20-\x7e]+$/.test(name)) || isCode(text, from)) return null;
  return { from, query: name.toLowerCase(), isClosed: Boolean(end) };
}

/** Of rows [emoji, English, other names, Chinese] those that fit, the best first; `lately` are those used before. */
export function matching(rows, query, lately = []) {
  const scored = rows.map((row) => [row, score(row, query, lately)]).filter(([, points]) => points);
  return scored.sort((one, other) => other[1] - one[1]).map(([row]) => row).slice(0, SHOWN_MAX);
}

/** The row that is called just that, or undefined; of other names a single word does. */
export function called(rows, query) {
  const whole = (row) => row.slice(1).some((name) => plain(name) === spaced(query));
  return rows.find(whole) ?? rows.find(([, , others]) => plain(others).split(" ").includes(spaced(query)));
}

/** The name by which a row was found, as one types it. */
export function shown([, english, others, chinese], query) {
  const fits = (name) => fit(plain(name), spaced(query)) > 10;
  return code([english, others, chinese].find(fits) ?? [english, others, chinese].find((name) => plain(name).includes(spaced(query))) ?? english);
}

function score([emoji, ...names], query, lately) {
  const best = Math.max(...names.map((name) => fit(plain(name), spaced(query))));
  return best && best + (lately.includes(emoji) ? 5 : 0);
}

function fit(name, wanted) {
  if (name === wanted) return 100;
  if (name.split(" ").includes(wanted)) return 70 - Math.min(name.length, 40) / 4;
  if (name.startsWith(wanted)) return 60 - Math.min(name.length, 40) / 4;
  if (name.includes(` ${wanted}`)) return 30;
  return name.includes(wanted) ? 10 : 0;
}

function spaced(query) {
  return query.replaceAll("_", " ");
}

function code(name) {
  return name.trim().toLowerCase().replaceAll(/\s+/g, "_");
}

function plain(name) {
  return name.toLowerCase().replaceAll("-", "_").replaceAll("_", " ").trim();
}
