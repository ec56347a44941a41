// <quick-switcher>: goes to a Space, a person or a page by a few letters of its name.
// Called by: page.js, on Ctrl/Cmd+K and from the sidebar; its markup is templates/_quick_switcher.html.
// Keeps true: what is unread comes first while nothing is typed; the field keeps the focus, and says what is chosen
//   (combobox with a listbox); the list is asked for once, and again when one's Spaces have changed.
import { ranked } from "parley/lib/fuzzy";
import { clone } from "parley/lib/html";
import { get, post } from "parley/lib/http";
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { visits } from "parley/models/visits";

const SHOWN_MAX = 12;
const OLD_MS = 5 * 60_000;
let kept = null;
connection.addEventListener("sidebar.changed", () => (kept = null));

class QuickSwitcher extends HTMLElement {
  #found = [];
  #chosen = 0;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.field = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.field.addEventListener("input", () => this.#show());
    this.field.addEventListener("keydown", this.#pressed);
    this.list.addEventListener("click", ({ target }) => this.#go(target.closest("[role=option]")?.dataset.place));
    this.dialog.addEventListener("click", ({ target }) => (target === this.dialog || target.closest("[data-close]")) && this.dialog.close());
    this.dialog.addEventListener("close", () => this.remove());
    this.dialog.showModal();
    this.#load();
  }

  async #load() {
    const { org } = document.body.dataset;
    if (!kept || Date.now() - kept.at > OLD_MS) {
      try {
        kept = { at: Date.now(), ...(await get(`/orgs/${org}/switcher/`)) };
      } catch (error) {
        this.querySelector("[data-words]").textContent = error.message;
        return;
      }
    }
    this.#show();
  }

  #show() {
    const typed = this.field.value;
    const entries = [...this.#places(), ...(typed.trim() ? this.#people() : []), ...this.#actions()];
    this.#found = typed.trim() ? ranked(typed, entries) : byNeed(entries);
    this.#found.length = Math.min(this.#found.length, SHOWN_MAX);
    this.list.replaceChildren(...this.#found.map(row));
    this.querySelector("[data-words]").textContent = this.#found.length ? "" : gettext("Nothing has a name like that.");
    this.#choose(0);
  }

  #places() {
    const here = location.pathname;
    return (kept?.spaces ?? [])
      .map(({ id, name, kind, joined, seen_at: seenAt }) => {
        const url = `/spaces/${id}/`;
        const unread = document.querySelector(`space-links a[data-space-id="${CSS.escape(id)}"] [data-unread]:not([hidden])`);
        const note = joined ? (unread?.textContent.replace(/^[\s,，、]+/, "").trim() ?? "") : gettext("not joined");
        return { names: [name], icon: ICONS[kind], note, isUnread: Boolean(unread), seenAt: joined ? (seenAt ?? "") : null, weight: joined ? 320 : 150, url };
      })
      .filter(({ url }) => url !== here);
  }

  #people() {
    return (kept?.people ?? []).map(({ id, name, handle }) => ({ names: [name, handle], icon: "i-people", note: `@${handle}`, member: id, weight: 260 }));
  }

  #actions() {
    return [...this.querySelectorAll("[data-action] > *")].map((each) => ({
      names: [each.textContent.trim()],
      icon: each.dataset.icon,
      note: "",
      url: each.getAttribute("href"),
      theme: each.dataset.theme,
    }));
  }

  #choose(place) {
    const rows = [...this.list.children];
    this.#chosen = rows.length ? (place + rows.length) % rows.length : 0;
    rows.forEach((each, at) => (each.ariaSelected = String(at === this.#chosen)));
    rows[this.#chosen]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", rows[this.#chosen]?.id ?? "");
  }

  #pressed = (event) => {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#choose(this.#chosen + steps[event.key]);
    else if (event.key === "Enter") this.#go(this.#chosen);
    else return;
    event.preventDefault();
  };

  async #go(place) {
    const entry = this.#found[place];
    if (!entry) return;
    try {
      const { org } = document.body.dataset;
      const url = entry.member ? (await post(`/orgs/${org}/directs/`, { member: entry.member })).url : entry.url;
      this.dialog.close();
      if (entry.theme) document.querySelector(`theme-switch input[value="${entry.theme}"]`)?.click();
      else if (url) visits.visit(url);
    } catch (error) {
      this.querySelector("[data-words]").textContent = error.message;
    }
  }
}

const ICONS = { public: "i-hash", private: "i-lock", direct: "i-people" };

/** Nothing is typed: what is unread, then where one was last, then actions; what one has not joined is found by name. */
function byNeed(entries) {
  const places = entries.filter(({ seenAt }) => seenAt !== null && seenAt !== undefined);
  const actions = entries.filter(({ names, url, theme }) => names && (theme || (url && !url.startsWith("/spaces/"))));
  return [...places.filter(({ isUnread }) => isUnread), ...places.filter(({ isUnread }) => !isUnread), ...actions];
}

function row(entry, place) {
  const option = clone("switcher-option");
  option.id = `switcher-${place}`;
  option.dataset.place = place;
  option.querySelector("use").setAttribute("href", `#${entry.icon}`);
  option.querySelector("[data-name]").textContent = entry.names[0];
  option.querySelector("[data-note]").textContent = entry.note;
  option.toggleAttribute("data-unread", Boolean(entry.isUnread));
  return option;
}

customElements.define("quick-switcher", QuickSwitcher);
