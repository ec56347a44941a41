// <shortcut-sheet>: every key that does something on this page, and the switch for those of one character.
// Called by: page.js, on "?" and from the sidebar; its markup is templates/_shortcut_sheet.html.
// Keeps true: what it lists is what is registered at the moment it opens.
import { clone } from "parley/lib/html";
import { gettext } from "parley/lib/words";
import { listed, singleKeys } from "parley/models/shortcuts";

const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

class ShortcutSheet extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    const singles = this.querySelector("[name=single-keys]");
    singles.checked = singleKeys.on;
    singles.addEventListener("change", () => (singleKeys.on = singles.checked));
    this.dialog.addEventListener("close", () => this.remove());
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
    for (const { group, entries } of listed()) this.#show(group, entries);
    this.dialog.showModal();
  }

  #show(group, entries) {
    const section = this.querySelector(`[data-group="${group}"]`);
    section.hidden = false;
    for (const { keys, label } of entries) {
      const row = clone("shortcut-row");
      row.querySelector("dt").textContent = label;
      row.querySelector("dd").append(...keys.flatMap((key, place) => [...(place ? [or()] : []), combination(key)]));
      section.querySelector("dl").append(row);
    }
  }
}

function or() {
  return document.createTextNode(` ${gettext("or")} `);
}

/** The keys to hold together, each on a cap of its own. */
function combination(keys) {
  const names = {
    mod: isMac ? "⌘" : gettext("Ctrl"),
    alt: isMac ? "⌥" : gettext("Alt"),
    shift: isMac ? "⇧" : gettext("Shift"),
    ...{ ArrowUp: "↑", ArrowDown: "↓", Escape: gettext("Esc"), Enter: gettext("Enter") },
  };
  const group = document.createElement("span");
  group.className = "keys";
  for (const part of keys === "+" ? ["+"] : keys.split("+")) {
    const cap = document.createElement("kbd");
    cap.textContent = names[part] ?? (part.length === 1 ? part.toUpperCase() : part);
    group.append(cap);
  }
  return group;
}

customElements.define("shortcut-sheet", ShortcutSheet);
