// What is unread, where one sees it: beside each Space in the sidebar, in the page's title, on the way to the menu; and
// the keys that lead there. Called by: page.js.
// Keeps true: a figure is said in words too; a Space with something new is told by weight, one that calls by a figure,
//   one that is muted by a figure only where somebody called by name.
import { gettext, ngettext, number } from "parley/lib/words";
import { shortcut } from "parley/models/shortcuts";
import { unread } from "parley/models/unread";

const MOST = 99;

export function markUnread() {
  unread.addEventListener("changed", show);
  for (const type of ["sidebar.shown", "visit.landed"]) document.addEventListener(type, show);
  const keys = { group: "spaces" };
  shortcut(["n", "alt+shift+ArrowDown"], { ...keys, label: gettext("Next unread Space"), run: () => go(1) });
  shortcut("alt+shift+ArrowUp", { ...keys, label: gettext("Previous unread Space"), run: () => go(-1) });
}

function show() {
  for (const link of document.querySelectorAll("space-links a[data-space-id]")) showPlace(link);
  for (const slot of document.querySelectorAll("[data-count-of]")) {
    const count = unread[slot.dataset.countOf];
    fill(slot, count, count ? ngettext("{count} unread", "{count} unread", count) : "");
  }
  showTitle();
  showMenu();
}

function showPlace(link) {
  const place = link.closest("[data-place]");
  const { unread: count, mentions, muted } = unread.of(link.dataset.spaceId);
  const isNew = Boolean(mentions || (count && !muted));
  place.toggleAttribute("data-new", isNew);
  const said = [
    mentions && ngettext("{count} mention", "{count} mentions", mentions),
    count && ngettext("{count} unread message", "{count} unread messages", count),
  ];
  fill(link.querySelector("[data-unread]"), isNew && mentions, isNew ? said.filter(Boolean).join(", ") : "");
}

/** Shows a figure, and says words; of no figure only the words are left. */
function fill(slot, count, words) {
  slot.hidden = !count && !words;
  slot.toggleAttribute("data-figure", Boolean(count));
  if (slot.hidden) return slot.replaceChildren();
  const figure = document.createElement("span");
  figure.ariaHidden = "true";
  figure.textContent = count ? shortly(count) : "";
  const sentence = document.createElement("span");
  sentence.className = "unseen";
  sentence.textContent = `, ${words}`;
  slot.replaceChildren(figure, sentence);
}

function shortly(count) {
  return count > MOST ? `${number(MOST)}+` : number(count);
}

function showTitle() {
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = unread.calls ? `(${shortly(unread.calls)}) ${title}` : title;
}

/** Where the sidebar is a drawer, its button says that there is something in it. */
function showMenu() {
  const button = document.querySelector(".bar__menu");
  const count = document.querySelectorAll("[data-place][data-new]:not(:has([aria-current]))").length;
  button?.toggleAttribute("data-new", count > 0);
  const words = count ? ngettext("{count} Space has something new", "{count} Spaces have something new", count) : "";
  if (button) button.ariaDescription = words;
}

/** Goes to the next place with something new, after this one; those that call first. */
function go(by) {
  const links = [...document.querySelectorAll("space-links a[data-space-id]")];
  const here = links.findIndex((link) => link.ariaCurrent);
  const round = [...links.slice(here + 1), ...links.slice(0, Math.max(here, 0))];
  if (by < 0) round.reverse();
  const fresh = round.filter((link) => link.closest("[data-new]"));
  const calls = fresh.find((link) => unread.of(link.dataset.spaceId).mentions);
  (calls ?? fresh[0])?.click();
}
