// How well a few typed letters fit a name: they must stand in it in their order.
// Called by: elements/quick-switcher.js. Pure.
// Keeps true: a name that begins with them comes before one in which a word does, and that before letters far apart;
//   accents and case are as one types them or not.

/** A number, larger for a better fit, or null for none. */
export function fit(typed, name) {
  const [query, text] = [plain(typed), plain(name)];
  if (!query) return 0;
  const whole = text.indexOf(query);
  if (whole === 0) return 1000 - text.length;
  if (whole > 0) return (isStart(text, whole) ? 800 : 500) - whole - text.length / 10;
  let [at, score] = [-1, 300];
  for (const letter of query) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    if (isStart(text, next)) score += 12;
    else if (next !== at + 1) score -= 8;
    at = next;
  }
  return score - text.length / 10;
}

/** Those of which one of the `names` fits, best first; of equals, the first given. A `weight` lifts what is meant more often. */
export function ranked(typed, entries) {
  const scored = entries.map((entry) => [entry, best(typed, entry.names)]).filter(([, score]) => score !== null);
  const total = ([{ weight = 0 }, score]) => score + weight;
  return scored.sort((one, other) => total(other) - total(one)).map(([entry]) => entry);
}

function best(typed, names) {
  const scores = names.map((name) => fit(typed, name)).filter((score) => score !== null);
  return scores.length ? Math.max(...scores) : null;
}

function isStart(text, at) {
  return at === 0 || /[\s\-_.@/]/.test(text[at - 1]);
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}
