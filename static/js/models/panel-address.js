// Where the address of a page says what its side panel shows.
// Called by: side-panel. Pure: no page, no network.
// Keeps true: a thread is ?thread=<id>, as links from elsewhere write it; any other page of this server is ?panel=/path/.

const THREAD = /^\/messages\/([0-9a-f-]{36})\/thread\/$/;

/** The path that is open in a panel at an address, or null. */
export function pathIn({ search }) {
  const asked = new URLSearchParams(search);
  const thread = asked.get("thread");
  if (thread && /^[0-9a-f-]{36}$/.test(thread)) return `/messages/${thread}/thread/`;
  const path = asked.get("panel");
  return path && /^\/(?![/\\])/.test(path) ? path : null;
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
