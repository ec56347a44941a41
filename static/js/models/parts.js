// Parts of this site that are fetched only when somebody wants them.
// Called by: page.js, space-links, models/viewer-door.js, models/message-acts.js.
// Keeps true: one that does not come is missed in plain words, and asked for again the next time.
import { gettext } from "parley/lib/words";

/** The module of that name, or null when it could not be fetched, which is said then. */
export async function bring(name) {
  try {
    return await import(name);
  } catch {
    const words = gettext("This could not be loaded. Try it again, or load the page again.");
    document.querySelector("message-actions")?.say(words);
    return null;
  }
}
