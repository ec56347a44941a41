// Brings a row on the page in step with a fresh copy of it, touching only what differs.
// Called by: models/feed-rows.js.
// Keeps true: the row itself stays, with its focus, what is selected in its text, and what stands in it by the reader's
//   own doing (data-keep: an open editor, the bar of actions); a part that is replaced hands its focus on.
const OWN = new Set(["tabindex", "data-selected", "data-found"]);

/** `fresh` is used up. */
export function patch(row, fresh) {
  const focus = focusIn(row);
  for (const { name } of [...row.attributes]) {
    if (!fresh.hasAttribute(name) && !OWN.has(name)) row.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (row.getAttribute(name) !== value) row.setAttribute(name, value);
  const before = new Map([...row.children].filter((each) => !isKept(each)).map((each) => [keyOf(each), each]));
  const wanted = [...fresh.children].map((part) => {
    const known = before.get(keyOf(part));
    return known?.isEqualNode(part) ? known : part;
  });
  for (const part of before.values()) if (!wanted.includes(part)) replaceOrRemove(part, wanted);
  arrange(row, wanted);
  if (focus && !row.contains(document.activeElement)) row.querySelector(focus)?.focus({ preventScroll: true });
}

/** A replaced part gives its place to its successor, so that what is kept between them stays between them. */
function replaceOrRemove(part, wanted) {
  const heir = wanted.find((each) => keyOf(each) === keyOf(part) && !each.isConnected);
  if (heir) part.replaceWith(heir);
  else part.remove();
}

function arrange(row, wanted) {
  let at = row.firstElementChild;
  for (const part of wanted) {
    while (at && isKept(at)) at = at.nextElementSibling;
    if (at === part) at = at.nextElementSibling;
    else row.insertBefore(part, at);
  }
}

function isKept(part) {
  return part.hasAttribute("data-keep");
}

function keyOf(part) {
  return `${part.localName}.${part.classList[0] ?? ""}`;
}

/** How to find again what has the focus, when its part was replaced. */
function focusIn(row) {
  const { activeElement } = document;
  if (!row.contains(activeElement) || activeElement === row) return null;
  const { formAction, value } = activeElement;
  if (activeElement.hasAttribute("formaction")) {
    const action = CSS.escape(activeElement.getAttribute("formaction"));
    return `[formaction="${action}"]${formAction && value ? `[value="${CSS.escape(value)}"]` : ""}`;
  }
  return activeElement.id ? `#${CSS.escape(activeElement.id)}` : null;
}
