// Small things kept in this browser. Called by: models/drafts.js, theme-switch.
// Keeps true: a browser without storage, or with a full one, loses the memory and nothing else.

const PREFIX = "parley:";

export function read(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Keeps a text under a key; an empty one is forgotten. */
export function write(key, text) {
  try {
    if (text) localStorage.setItem(PREFIX + key, text);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // Full or forbidden.
  }
}

export function keysUnder(start) {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + start))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}
