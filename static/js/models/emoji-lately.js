// Which emoji somebody used last in this browser, for the picker and the list of shortcodes.
// Called by: emoji-picker, emoji-list. Keeps true: each once, the last used first, RECENT_MAX at most.
import { read, write } from "parley/lib/store";

const USUAL = ["👍", "❤️", "😂", "🎉", "👀", "✅", "🙏", "🚀"];
const RECENT_MAX = 16;

/** With those that people use most where one has not used many yet. */
export function lately() {
  const kept = (read("emoji") ?? "").split(" ").filter(Boolean);
  return [...new Set([...kept, ...USUAL])].slice(0, RECENT_MAX);
}

export function remember(emoji) {
  write("emoji", [...new Set([emoji, ...lately()])].slice(0, RECENT_MAX).join(" "));
}
