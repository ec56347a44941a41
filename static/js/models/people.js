// What this page knows of people: who is here, and how they are shown now.
// Called by: page.js starts it; presence-mark asks it. Dispatches "presence" whenever a state may be another.
// Keeps true: after a reconnect everything is asked again; nobody is shown as here when nobody can say.
import { get } from "parley/lib/http";
import { connection } from "parley/models/connection";

class People extends EventTarget {
  #org = "";
  #states = new Map();

  start(org) {
    this.#org = org;
    const { signal } = new AbortController();
    connection.on("presence.changed", this.#changed, signal);
    connection.on("member.changed", ({ member }) => redress(member), signal);
    connection.on("state", () => connection.state === "open" && this.#ask(), signal);
    connection.on("doubt", () => this.#ask(), signal);
    document.addEventListener("click", openCalled);
  }

  /** "active", "away", "busy", or "gone" for who is not here or of whom nothing is known. */
  stateOf(id) {
    return this.#states.get(id) ?? "gone";
  }

  async #ask() {
    try {
      const { members } = await get(`/orgs/${encodeURIComponent(this.#org)}/presence/`);
      this.#states = new Map(Object.entries(members));
      this.dispatchEvent(new Event("presence"));
    } catch {
      // The next reconnect asks again; until then what comes over the socket is right.
    }
  }

  #changed = ({ known, members }) => {
    if (!known) this.#states.clear();
    for (const [id, state] of Object.entries(members)) this.#states.set(id, state);
    this.dispatchEvent(new Event("presence"));
  };
}

export const people = new People();

/** A mention of a person leads to their card, beside the page; pressed in another way, or in a link, it is a link. */
function openCalled(event) {
  const called = event.target.closest?.('[data-mention^="M:"]');
  if (!called || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (!called.matches("a") && called.closest("a")) return;
  event.preventDefault();
  if (event.detail && String(getSelection())) return; // somebody was selecting a text
  const url = `/members/${called.dataset.mention.slice(2)}/`;
  document.dispatchEvent(new CustomEvent("panel.open", { detail: { url } }));
}

/** Puts somebody's name and picture wherever they stand on the page; what was written stays as it was written. */
function redress({ id, name, initials, picture }) {
  const key = CSS.escape(id);
  for (const root of [document, ...templates()]) {
    for (const box of root.querySelectorAll(`[data-avatar-of="${key}"]`)) paint(box, { initials, picture });
    for (const by of root.querySelectorAll(`[data-kind="member"][data-author-id="${key}"] .message__by`)) by.textContent = name;
    for (const named of root.querySelectorAll(`[data-name-of="${key}"]`)) named.textContent = name;
  }
}

/** A picture lies over the initials, which show where it cannot be loaded. */
export function paint(box, { initials, picture }) {
  box.textContent = initials;
  if (!picture) return;
  const image = document.createElement("img");
  image.alt = "";
  image.src = box.classList.contains("avatar--large") ? `${picture}&size=large` : picture;
  box.append(image);
}

function templates() {
  return [...document.querySelectorAll("template")].map(({ content }) => content);
}
