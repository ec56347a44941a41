// That somebody means you, where one sees it from elsewhere: a dot on the tab's sign, a figure on the application's icon.
// Called by: page.js. Keeps true: it shows what the sidebar and the title count (models/unread.js), and nothing of its own.
import { unread } from "parley/models/unread";

export function markTab() {
  unread.addEventListener("changed", show);
}

function show() {
  const sign = document.querySelector("link[rel=icon]");
  const plain = (sign.dataset.plain ??= sign.getAttribute("href"));
  const wanted = unread.calls ? sign.dataset.dotted : plain;
  if (sign.getAttribute("href") !== wanted) sign.setAttribute("href", wanted);
  const told = unread.calls ? navigator.setAppBadge?.(unread.calls) : navigator.clearAppBadge?.();
  told?.catch(() => {}); // it is not installed here
}
