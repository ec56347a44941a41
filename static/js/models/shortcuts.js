// The keys that do something, registered by whoever does it, and listed by the sheet behind "?".
// Called by: elements and page.js register; elements/shortcut-sheet.js lists. A key is "mod+k", "alt+shift+ArrowUp",
//   "j" or "?"; "mod" is Ctrl or Cmd.
// Keeps true: a key of one character does nothing while one writes, nor where the composer takes what is typed, and
//   nothing at all once its owner has switched such keys off (WCAG 2.1.4).
import { read, write } from "parley/lib/store";

const OFF = "single-keys";
const WRITES = "input, textarea, select, [contenteditable=''], [contenteditable=true]";
const GROUPS = ["general", "spaces", "messages", "writing"];
const known = [];

/**
 * Registers keys (one, or several that do the same) until `signal` aborts. `run(event)` does it, unless `when()` is
 * false; what was registered last goes first. `anywhere`: a single character that works where the composer would
 * else take it. Without `run` it is only listed: somebody else listens. `group` is one of GROUPS.
 */
export function shortcut(keys, { label, group = "general", run, when = () => true, anywhere = false, signal }) {
  const entry = { keys: [keys].flat(), label, group, run, when, anywhere };
  known.push(entry);
  signal?.addEventListener("abort", () => known.splice(known.indexOf(entry), 1));
}

/** What is registered, by group and in the order in which it came; one row for what is registered twice. */
export function listed() {
  const seen = new Set();
  const fresh = known.filter(({ keys, label }) => label && !seen.has(`${keys}`) && seen.add(`${keys}`));
  return GROUPS.map((group) => ({ group, entries: fresh.filter((entry) => entry.group === group) })).filter(
    ({ entries }) => entries.length,
  );
}

/** Whether keys of one character do anything; kept in this browser. */
export const singleKeys = {
  get on() {
    return read(OFF) !== "off";
  },
  set on(on) {
    write(OFF, on ? "" : "off");
  },
};

/** The name of what was pressed, as it is registered. */
export function nameOf(event) {
  const key = letter(event);
  const isNamed = key.length > 1 || /[a-z]/.test(key);
  return [
    (event.ctrlKey || event.metaKey) && "mod",
    event.altKey && "alt",
    event.shiftKey && isNamed && "shift",
    key,
  ].filter(Boolean).join("+");
}

/** The letter on the key where the layout has another alphabet; Alt makes signs of letters on some. */
function letter({ key, code, altKey }) {
  const isForeign = key.length === 1 && (altKey || key > "~");
  const plain = isForeign ? /^Key([A-Z])$/.exec(code)?.[1] : null;
  return plain || key.length === 1 ? (plain ?? key).toLowerCase() : key;
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.repeat && !event.key.startsWith("Arrow")) return;
  const name = nameOf(event);
  const isSingle = !event.ctrlKey && !event.metaKey && !event.altKey;
  const entry = known.findLast((each) => each.run && each.keys.includes(name) && may(each, isSingle) && each.when());
  if (!entry) return;
  event.preventDefault();
  entry.run(event);
}

function may({ anywhere }, isSingle) {
  if (document.querySelector("dialog:modal")) return false;
  if (!isSingle) return true;
  const { activeElement } = document;
  if (!singleKeys.on || activeElement?.closest(WRITES)) return false;
  if (anywhere || !document.querySelector("message-composer")) return true;
  return Boolean(activeElement?.closest("[role=log], [data-shortcuts]"));
}

// Before the composer hears of it: this module is imported first.
document.addEventListener("keydown", pressed);
