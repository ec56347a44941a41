// What is done to a text field and its form.
// Called by: message-composer, mention-list.
// Keeps true: what is put in can be undone with the browser's own undo.

const OWN = new Set(["text", "client_id", "csrfmiddlewaretoken"]);

/** Puts a text where the caret is, in place of what is selected; the field hears of it as of typing. */
export function insertText(field, text) {
  field.focus();
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Makes a field as high as its text, in browsers without field-sizing. */
export function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}

/** How far from where lines start a box lies whose left edge is there. */
export function startOf(left, width) {
  return document.documentElement.dir === "rtl" ? innerWidth - left - width : left;
}

/** What a composer's form says beside the text: a list for each name. */
export function extraFields(form) {
  const data = new FormData(form);
  const names = [...new Set(data.keys())].filter((name) => !OWN.has(name));
  return Object.fromEntries(names.map((name) => [name, data.getAll(name).filter((value) => typeof value === "string")]));
}
