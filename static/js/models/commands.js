// Which commands fit what is being typed, and which one a text is.
// Called by: command-list. Keeps true: the same rule as chat.commands.reading: a path is no command, and // is text.

const COMMAND = /^\s*\/([a-z][a-z_-]{0,31})(?:\s+[^]*)?$/i;

/** What stands between the slash at the beginning and the caret, while the caret is in that word; else null. */
export function queryAt(text, caret) {
  const before = text.slice(0, caret);
  return /^\/[a-z_-]*$/i.test(before) && /^(\s|$)/.test(text.slice(caret)) ? before.slice(1).toLowerCase() : null;
}

/** Those that begin with the query first, then those that hold it. */
export function matching(commands, query) {
  const begins = commands.filter(({ name }) => name.startsWith(query));
  return [...begins, ...commands.filter((each) => query && !begins.includes(each) && each.name.includes(query))];
}

export function looksLikeOne(text) {
  return COMMAND.test(text);
}

/** The command that a text is, of those known; else undefined. */
export function commandIn(text, commands) {
  const name = COMMAND.exec(text)?.[1].toLowerCase();
  return commands.find((each) => each.name === name);
}
