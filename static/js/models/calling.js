// Asks before @here or @space reaches many, whoever wrote it where: a message, an edit, the comment of a forward.
// Called by: call-note, message-editor, forward-dialog; the question is <template id="call-question">.
// Keeps true: the number is the server's, counted as sending counts; a server that cannot say how many keeps nobody
//   from sending.
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { groupsIn } from "parley/lib/mention-query";
import { gettext, ngettext } from "parley/lib/words";

/** The group of a text that reaches most: "space" reaches all whom "here" does. "" for none. */
export function largest(text) {
  const groups = groupsIn(text);
  return groups.includes("space") ? "space" : (groups[0] ?? "");
}

/** How many people @here and @space reach there; null where nobody can say. */
export function audience(url, options) {
  return get(url, options).catch(() => null);
}

/** Whether a text may go: at once where it calls few, else after somebody said so. `before`: whom it called already. */
export async function mayCall(text, url, before = "") {
  const group = largest(text);
  if (!group || group === largest(before)) return true;
  return agreed(group, await audience(url));
}

/** Where one may not call everybody, the server says so; no question is asked. */
export async function agreed(group, told) {
  if (!told?.may || told[group] <= told.ask_over) return true;
  const dialog = clone("call-question");
  dialog.querySelector("[data-title]").textContent = sentence(group, told);
  document.body.append(dialog);
  // The key that sent the message, still held down, is no answer.
  dialog.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  dialog.remove();
  return dialog.returnValue === "send";
}

export function sentence(group, { may, [group]: count }) {
  if (!may) return gettext("Guests cannot call everybody with @here or @space. Mention the people you mean by name.");
  if (group === "space") return ngettext("@space will notify {count} person", "@space will notify {count} people", count);
  if (!count) return gettext("@here will notify nobody: no one else is here now");
  return ngettext("@here will notify {count} person who is here now", "@here will notify {count} people who are here now", count);
}
