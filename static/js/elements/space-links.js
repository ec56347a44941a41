// <space-links>: the Spaces in the sidebar, as they change.
// Called by: templates/_sidebar.html. Dispatches "sidebar.shown" (bubbles) whenever its rows are new, so that whoever
//   counts what is unread can fill [data-unread] again.
// Keeps true: a Space that one lost leaves the list; the page of it says so; the focus stays on its row; what was
//   folded stays folded, in this browser.
import { clone, fragment } from "parley/lib/html";
import { page } from "parley/lib/http";
import { read, write } from "parley/lib/store";
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { bring } from "parley/models/parts";
import { drags } from "parley/models/placing";
import { shortcut } from "parley/models/shortcuts";
import { visits } from "parley/models/visits";

const SOON_MS = 60; // several changes at once are one fetch
const SPREAD_MS = 800; // a change that concerns many is not asked for by all in the same moment
const SLOW_MS = 1000; // a page that took longer to hear may have missed something by then

class SpaceLinks extends HTMLElement {
  #life;
  #booked = null;
  #wasAway = false;
  #hasHeard = false;

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    connection.on("space.changed", this.#change, signal);
    connection.on("space.removed", this.#remove, signal);
    connection.on("sidebar.changed", ({ many }) => this.refresh(many ? SPREAD_MS : 0), signal);
    connection.on("state", this.#stateChanged, signal);
    document.addEventListener("visit.landed", this.#landed, { signal });
    connection.on("doubt", () => this.refresh(SPREAD_MS), signal);
    this.addEventListener("toggle", this.#folded, { capture: true, signal });
    shortcut("alt+ArrowUp", { label: gettext("Previous Space"), group: "spaces", run: () => this.#step(-1), signal });
    shortcut("alt+ArrowDown", { label: gettext("Next Space"), group: "spaces", run: () => this.#step(1), signal });
    this.addEventListener("click", this.#asked, { signal });
    this.addEventListener("contextmenu", this.#asked, { signal });
    drags(this, signal);
    this.#fold();
  }

  disconnectedCallback() {
    this.#life.abort();
    clearTimeout(this.#booked);
  }

  /** Fetches the rows again, soon; within `spread` milliseconds where many do at once. */
  refresh(spread = 0) {
    clearTimeout(this.#booked);
    this.#booked = setTimeout(this.#fetch, SOON_MS + Math.random() * spread);
  }

  /** Says which place is shown now. */
  mark() {
    const path = location.pathname;
    for (const link of this.querySelectorAll("a.sidebar__link")) {
      const isHere = link.dataset.spaceId ? path.startsWith(link.pathname) : path === link.pathname;
      if (isHere) link.ariaCurrent = "page";
      else link.ariaCurrent = null;
    }
  }

  /** The page that has just come into this one brought the rows along. */
  #landed = ({ detail }) => {
    const rows = detail.page.querySelector("space-links")?.childNodes ?? [];
    clearTimeout(this.#booked);
    this.#show(...rows);
  };

  #fetch = async () => {
    try {
      const { html } = await page(`/orgs/${this.dataset.org}/sidebar/`, { signal: this.#life.signal });
      this.#show(fragment(html));
    } catch {
      // What is missed here comes with the next reconnect, or the next page.
    }
  };

  #show(...rows) {
    const { activeElement } = document;
    const held = this.contains(activeElement) ? activeElement.getAttribute("href") : null;
    this.replaceChildren(...rows);
    this.#fold();
    this.mark();
    if (held) this.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    this.dispatchEvent(new CustomEvent("sidebar.shown", { bubbles: true }));
  }

  #stateChanged = () => {
    if (connection.state === "open") {
      if (this.#wasAway || (!this.#hasHeard && performance.now() > SLOW_MS)) this.refresh(SPREAD_MS);
      this.#hasHeard = true;
    }
    this.#wasAway = connection.state === "away";
  };

  // Folding

  #fold() {
    const folded = this.#memory;
    for (const group of this.querySelectorAll("details")) group.open = !folded.includes(group.dataset.group);
  }

  #folded = ({ target }) => {
    const rest = this.#memory.filter((name) => name !== target.dataset.group);
    write(this.#key, (target.open ? rest : [...rest, target.dataset.group]).join(" "));
  };

  get #key() {
    return `folded:${document.body.dataset.memberId}`;
  }

  get #memory() {
    return (read(this.#key) ?? "").split(" ").filter(Boolean);
  }

  // One Space

  /** The menu of a place, by its button or a right click on it. */
  #asked = async (event) => {
    const place = event.target.closest("[data-place]");
    const button = place?.querySelector("[data-place-menu]");
    if (!button || (event.type === "click" && !event.target.closest("[data-place-menu]"))) return;
    event.preventDefault();
    if (!(await bring("parley/elements/place-menu")) || document.querySelector("place-menu:popover-open")) return;
    const menu = clone("place-menu");
    document.body.append(menu);
    menu.open(button, place.dataset.place);
  };

  #step(by) {
    const links = [...this.querySelectorAll("a[data-space-id]")];
    if (!links.length) return;
    const here = links.findIndex((link) => link.ariaCurrent);
    const next = here < 0 && by < 0 ? links.length - 1 : (here + by + links.length) % links.length;
    links[next].click();
  }

  #change = ({ space, name, private: isPrivate }) => {
    const link = this.#link(space);
    if (link) rename(link, { name, isPrivate, at: "[data-name]", word: "[data-private]" });
  };

  #remove = ({ space }) => {
    if (location.pathname.startsWith(`/spaces/${space}/`)) visits.again(); // it need not stand in this list
    else this.#link(space)?.closest("li").remove();
  };

  #link(space) {
    return this.querySelector(`a[data-space-id="${CSS.escape(space)}"]`);
  }
}

function rename(row, { name, isPrivate, at, word }) {
  row.querySelector(at).textContent = name;
  row.querySelector(word).textContent = isPrivate ? gettext(", private") : "";
  row.querySelector("use")?.setAttribute("href", isPrivate ? "#i-lock" : "#i-hash");
}

customElements.define("space-links", SpaceLinks);
