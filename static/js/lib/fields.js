// What is done to a text field and its form.
// Called by: message-composer, mention-list, side-panel.
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

/** What was typed in a part of a page and not sent, but for the form `sent`: pairs of a field and its twin in a fresh
 * copy of the part, which takes it over. Null where something has no twin. */
export function unsent(part, fresh, sent = null) {
  const forms = [...part.querySelectorAll("form")].filter((form) => form !== sent);
  const pairs = forms.flatMap((form) => [...form.elements].filter(isTyped).map((field) => [field, twin(field, fresh)]));
  if (pairs.some(([, other]) => !other)) return null;
  for (const [field, other] of pairs) {
    if (isTicked(field)) other.checked = field.checked;
    else other.value = field.value;
    if (field.selectionStart !== null) other.setSelectionRange?.(field.selectionStart, field.selectionEnd);
    other.closest("details")?.setAttribute("open", "");
  }
  return pairs;
}

function isTyped(field) {
  if (isTicked(field)) return field.checked !== field.defaultChecked;
  return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
}

function isTicked({ type }) {
  return type === "checkbox" || type === "radio";
}

function twin(field, fresh) {
  const action = field.form.getAttribute("action");
  const form = [...fresh.querySelectorAll("form")].find((each) => each.getAttribute("action") === action);
  return [...(form?.elements ?? [])].find(({ name, value }) => name === field.name && (!isTicked(field) || value === field.value));
}

/** Whether a key that was pressed where nothing is written begins a text all the same. */
export function beginsText(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const { activeElement } = document;
  const isNowhere = activeElement === document.body || activeElement.matches("[role=log], main");
  return isNowhere && [...event.key].length === 1 && event.key !== " ";
}
