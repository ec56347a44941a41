// <side-panel>: shows a part of another page beside this one: what stands there in [data-panel="Title"].
// Called by: templates/app.html; links with data-opens-panel; the event panel.open {url} on document. Tells
//   panel.shown {url} and panel.closed. data-modules on the part names scripts that it needs; a form or a link in it
//   with data-stays does not leave the panel.
// Keeps true: every link in it is an ordinary page too; the address of this page says what is open, so that reload,
//   Back and sharing work; the focus goes back to where it came from.
import { fragment } from "parley/lib/html";
import { page } from "parley/lib/http";
import { addressOf, isPanel, pathIn } from "parley/models/panel-address";

const COVERS = "(max-width: 69.99rem)";

class SidePanel extends HTMLElement {
  #life;
  #asking = null;
  #opener = null;
  #path = null;
  #covers = matchMedia(COVERS);
  #watcher = new MutationObserver(() => this.#follow());

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.content = this.querySelector("[data-part]");
    document.addEventListener("click", this.#clicked, { signal });
    document.addEventListener("keydown", this.#pressed, { signal });
    document.addEventListener("panel.open", ({ detail }) => this.open(detail.url), { signal });
    addEventListener("popstate", () => this.#follow(), { signal });
    this.addEventListener("submit", this.#submitted, { signal });
    this.#covers.addEventListener("change", () => this.#cover(), { signal });
    this.#watcher.observe(this.parentElement, { childList: true }); // another Space has come into the page
    this.#follow();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#asking?.abort();
    this.#watcher.disconnect();
  }

  /** Opens the part of the page at `url`, and notes it in the address. */
  open(url, opener = document.activeElement) {
    const path = pathOf(url);
    if (!isPanel(path)) return location.assign(path);
    if (!this.contains(opener)) this.#opener = opener;
    if (path !== pathIn(location)) {
      const depth = (history.state?.panelDepth ?? 0) + 1;
      history.pushState({ ...history.state, panelDepth: depth }, "", addressOf(location, path));
    }
    return this.#load(path);
  }

  close() {
    const depth = history.state?.panelDepth ?? 0;
    if (depth) history.go(-depth);
    else if (pathIn(location)) history.replaceState(history.state, "", addressOf(location, null));
    this.#hide();
  }

  /** Shows what the address says. */
  #follow() {
    const path = pathIn(location);
    if (path === this.#path) return;
    if (path) this.#load(path);
    else this.#hide();
  }

  async #load(path, fields) {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    this.#path = path;
    this.ariaBusy = "true";
    try {
      const answer = await page(path, { fields, signal });
      const part = fragment(answer.html).querySelector("[data-panel]");
      if (!part) location.assign(path);
      else await this.#show(part, signal);
    } catch (error) {
      if (!signal.aborted) this.#trouble(error.message);
    }
    if (!signal.aborted) this.ariaBusy = "false";
  }

  async #show(part, signal) {
    const modules = (part.dataset.modules ?? "").split(" ").filter((name) => name.startsWith("parley/"));
    await Promise.all(modules.map((name) => import(name)));
    if (signal.aborted) return;
    this.#trouble("");
    this.querySelector("[data-title]").textContent = part.dataset.panel;
    this.querySelector("[data-page]").href = this.#path;
    this.content.replaceChildren(part);
    this.#reveal();
    this.#tell("panel.shown", { url: this.#path });
  }

  #trouble(sentence) {
    const box = this.querySelector("[data-trouble]");
    box.hidden = !sentence;
    box.textContent = sentence;
    if (!sentence) return;
    this.content.replaceChildren();
    this.#reveal();
  }

  #reveal() {
    this.hidden = false;
    this.#cover();
    if (this.contains(document.activeElement) && document.activeElement.isConnected) return;
    const field = matchMedia("(pointer: coarse)").matches ? null : this.querySelector("[data-focus]");
    (field ?? this.querySelector("aside")).focus({ preventScroll: true });
  }

  #hide() {
    this.#asking?.abort();
    this.#path = null;
    if (this.hidden) return;
    const hadFocus = this.contains(document.activeElement);
    this.hidden = true;
    this.content.replaceChildren();
    this.#cover();
    if (hadFocus) this.#giveFocusBack();
    this.#tell("panel.closed", {});
  }

  /** What lies under a panel that covers it takes no part. */
  #cover() {
    const isCovered = !this.hidden && this.#covers.matches;
    for (const below of document.querySelectorAll("#main, .bar")) below.inert = isCovered;
  }

  /** The row of the opener may have been replaced meanwhile: its new link does as well. */
  #giveFocusBack() {
    const href = this.#opener?.getAttribute?.("href");
    const again = href && document.querySelector(`#main a[data-opens-panel][href="${CSS.escape(href)}"]`);
    const target = this.#opener?.isConnected ? this.#opener : again;
    (target || document.querySelector("#main [role=log]") || document.getElementById("main"))?.focus({ preventScroll: true });
  }

  #clicked = (event) => {
    if (event.target.closest?.("[data-close-panel]") && this.contains(event.target)) this.close();
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    this.#makeWay(event.target);
    if (event.defaultPrevented) return;
    const link = event.target.closest?.(this.contains(event.target) ? "a[data-opens-panel], a[data-stays]" : "a[data-opens-panel]");
    if (!link) return;
    event.preventDefault();
    this.open(link.href, link);
  };

  /** What a link in a panel leads to would be hidden by a panel that covers it. */
  #makeWay(target) {
    if (!this.#covers.matches || !this.contains(target) || !target.closest("a[href^='/messages/']:not([data-opens-panel])")) return;
    history.replaceState({ ...history.state, panelDepth: 0 }, "", addressOf(location, null));
    this.#hide();
  }

  #pressed = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || this.hidden) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (!this.contains(document.activeElement) && document.activeElement !== document.body) return;
    event.preventDefault();
    this.close();
  };

  #submitted = (event) => {
    if (event.defaultPrevented || !event.target.matches("[data-stays]")) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target, event.submitter));
    this.#send(pathOf(event.submitter?.getAttribute("formaction") ?? event.target.action), fields);
  };

  /** Sends a form and shows where the server leads, or the same part again where that is no part. */
  async #send(path, fields) {
    const shown = this.#path;
    try {
      await page(path, { fields });
      if (this.#path === shown) await this.#load(shown);
    } catch (error) {
      this.#trouble(error.message);
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

function pathOf(url) {
  const { origin, pathname, search } = new URL(url, location.href);
  if (origin !== location.origin) throw new Error("A panel shows pages of this server only.");
  return pathname + search;
}

customElements.define("side-panel", SidePanel);
