// Going to another page of this organization without loading it afresh: the parts named data-swap are replaced by those
// of the fetched page; sidebar, balance and connection stay. Called by: page.js.
// Tells on document: visit.leaving {keep(name, value)}, visit.landed {page, kept}; elements clean up after themselves.
// Keeps true: the address, the title and Back are as after a full load, and whatever goes wrong becomes one; scripts
//   of a fetched page never run: its modules are imported by their address, which the policy knows.
import { documentOf } from "parley/lib/html";
import { page } from "parley/lib/http";

const OURS = /^\/(spaces|orgs|messages)\//;
const NOT_A_PAGE = /\/(socket|switcher|sidebar|export)\/|^\/orgs\/[^/]+\/files\/|\.csv$/;
const MESSAGE = /^\/messages\/([0-9a-f-]{36})\/$/;
const FRESH_MS = 10_000;
const tell = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }));

class Visits {
  #asking = null;
  #going = null; // the address that is being fetched
  #ahead = null; // what was asked for when the finger went down
  #shown = placeOf(location);

  start() {
    if (!document.querySelector("[data-swap=main]")) return;
    document.addEventListener("click", this.#clicked);
    document.addEventListener("pointerdown", this.#pressed, { passive: true });
    document.addEventListener("submit", this.#submitted);
    addEventListener("popstate", this.#back);
    history.scrollRestoration = "manual";
  }

  /** Shows the page at an address; resolves when it stands there. */
  async visit(url, { replace = false, back = false } = {}) {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    this.#going = url;
    document.querySelector("[data-swap=main]").ariaBusy = "true";
    try {
      const fetched = await this.#fetch(url, signal);
      if (signal.aborted) return;
      const fresh = documentOf(fetched.html);
      if (!fits(fresh)) location.assign(url);
      else await this.#show(fresh, addressOf(fetched.url, url), { replace, back, signal });
    } catch (error) {
      if (signal.aborted) return;
      if (navigator.onLine) location.assign(url);
      else document.querySelector("[data-swap=main]").ariaBusy = null; // the banner says why
    } finally {
      if (!signal.aborted) this.#going = null;
    }
  }

  /** The same page, as it is now, unless somebody is on the way to another. */
  async again() {
    const { href } = location;
    if (!this.#going || this.#going === href) await this.visit(href, { replace: true, back: true });
  }

  async #show(fresh, url, { replace, back, signal }) {
    await Promise.all([...sheets(fresh), ...modules(fresh)]);
    if (signal.aborted) return;
    if (!back || replace) this.#leave();
    if (!replace && !back) history.pushState({}, "", url);
    this.#shown = placeOf(location);
    for (const old of document.querySelectorAll("[data-swap]")) {
      const now = fresh.querySelector(`[data-swap="${old.dataset.swap}"]`);
      if (now) old.replaceWith(document.adoptNode(now));
    }
    for (const template of fresh.querySelectorAll("body > template[id]")) {
      if (!document.getElementById(template.id)) document.body.append(document.adoptNode(template));
    }
    document.title = fresh.title;
    Object.assign(document.body.dataset, fresh.body.dataset);
    if (!replace) this.#focus();
    tell("visit.landed", { page: fresh, kept: (back && history.state?.kept) || {} });
  }

  /** What elements want to find again when one comes back is kept with the address. */
  #leave() {
    const kept = {};
    tell("visit.leaving", { keep: (name, value) => (kept[name] = value) });
    history.replaceState({ ...history.state, kept }, "");
  }

  #focus() {
    const main = document.getElementById("main");
    if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
    const box = document.querySelector("[data-announce]");
    if (box) box.textContent = document.title.split(" · ")[0];
  }

  #fetch(url, signal) {
    const path = new URL(url, location.href).href.split("#")[0];
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead?.path === path && Date.now() - ahead.at < FRESH_MS) return ahead.answer;
    return page(path, { signal });
  }

  #clicked = (event) => {
    const link = linkOf(event);
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    this.visit(link.href, { replace: link.href === location.href });
  };

  #pressed = (event) => {
    const link = linkOf(event);
    if (!link) return;
    const path = link.href.split("#")[0];
    const answer = page(path);
    answer.catch(() => {}); // told when it is asked for
    this.#ahead = { path, at: Date.now(), answer };
  };

  /** A small form that changes where one is: sent, and the page shown again. */
  #submitted = async (event) => {
    if (event.defaultPrevented || !event.target.matches("form[data-here]")) return;
    event.preventDefault();
    try {
      await page(event.target.action, { fields: Object.fromEntries(new FormData(event.target, event.submitter)) });
      this.again();
    } catch {
      event.target.submit();
    }
  };

  #back = () => {
    if (placeOf(location) !== this.#shown) this.visit(location.href, { back: true });
  };
}

/** The link that a plain click of the first button would follow to a page of ours. */
function linkOf(event) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target.closest?.("a[href]:not([target], [download], [data-opens-panel], [data-no-swap])");
  if (!link || link.origin !== location.origin || !OURS.test(link.pathname) || NOT_A_PAGE.test(link.pathname)) return null;
  // A link to a message is the feed's own, where there is one (feed-place.js): it may be in this very Space.
  const isMessage = link.pathname.startsWith("/messages/") && document.getElementById("feed");
  return isMessage || (link.hash && link.pathname === location.pathname) ? null : link;
}

/** Which page an address is of: what the side panel shows, and where in the feed one reads, is others' (feed-place.js). */
function placeOf({ pathname, search }) {
  const asked = new URLSearchParams(search);
  asked.delete("thread");
  asked.delete("panel");
  asked.delete("at");
  return `${pathname}?${asked}`;
}

/** Where the fetch ended, with what only the link knew: fetch keeps what follows a # to itself. */
function addressOf(landed, asked) {
  const [to, from] = [new URL(landed), new URL(asked, location.href)];
  const message = MESSAGE.exec(from.pathname)?.[1];
  return to.pathname + to.search + (to.hash || (message ? `#message-${message}` : from.hash));
}

/** Whether the parts of the page fit into this one: the same organization and person, and the same scripts. */
function fits(fresh) {
  const map = (page) => page.querySelector("script[type=importmap]")?.textContent;
  const who = ({ body }) => `${body.dataset.org} ${body.dataset.memberId} ${body.className}`;
  const hasParts = fresh.querySelector("[data-swap=main]") && fresh.documentElement.lang === document.documentElement.lang;
  return hasParts && who(fresh) === who(document) && map(fresh) === map(document);
}

function sheets(fresh) {
  const known = new Set([...document.querySelectorAll("link[rel=stylesheet]")].map(({ href }) => new URL(href).pathname));
  const missing = [...fresh.querySelectorAll("link[rel=stylesheet]")].filter((link) => !known.has(link.getAttribute("href")));
  return missing.map((link) => {
    const mine = document.adoptNode(link);
    const loaded = new Promise((done) => (mine.onload = mine.onerror = done));
    document.head.append(mine);
    return loaded;
  });
}

function modules(fresh) {
  return [...fresh.querySelectorAll("script[type=module][src]")].map((script) => import(script.getAttribute("src")));
}

export const visits = new Visits();
