// Where the address of a page says what its side panel shows, and which pages may be shown there.
// Called by: side-panel. Pure: no page, no network.
// Keeps true: a thread is ?thread=<id>, as links from elsewhere write it; any other is ?panel=/path/; whoever sends one
//   a link chooses among our own pages, and names none beside them, such as a file.
import { isUuid, UUID } from "parley/lib/uuid";

const THREAD = new RegExp(`^/messages/(${UUID})/thread/$`);
const OF_ORG = `bookmarks|directs|drafts|files|notices|notices/settings|people/${UUID}|reminders|search|threads`;
const PAGES = [
  `orgs/[-\\w]+/(?:${OF_ORG})`,
  `messages/${UUID}/(?:history|remind|thread)`,
  `spaces/${UUID}/(?:files|notes|notices|pins)`,
  `(?:files|members)/${UUID}`,
];
const PAGE = new RegExp(`^/(?:${PAGES.join("|")})/(?:\\?[^#]*)?$`);

/** Whether a path leads to a page that a panel shows a part of. */
export function isPanel(path) {
  return PAGE.test(path);
}

/** The path that is open in a panel at an address, or null. */
export function pathIn({ search }) {
  const asked = new URLSearchParams(search);
  const thread = asked.get("thread") ?? "";
  if (isUuid(thread)) return `/messages/${thread}/thread/`;
  const path = asked.get("panel") ?? "";
  return isPanel(path) ? path : null;
}

/** The same address with another path in the panel, or none. */
export function addressOf({ pathname, search, hash }, path) {
  const asked = new URLSearchParams(search);
  asked.delete("thread");
  asked.delete("panel");
  const thread = THREAD.exec(path ?? "")?.[1];
  if (thread) asked.set("thread", thread);
  else if (path) asked.set("panel", path);
  const rest = asked.toString();
  return pathname + (rest && `?${rest}`) + hash;
}
