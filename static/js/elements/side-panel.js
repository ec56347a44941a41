// <side-panel>: shows a part of another page beside this one: what stands there in [data-panel="Title"].
// Called by: templates/app.html; links with data-opens-panel; the event panel.open {url} on document. Tells
//   panel.shown {url} and panel.closed. data-modules on the part names scripts that it needs; a form or a link in it
//   with data-stays does not leave the panel, nor is what was typed beside it lost.
// Keeps true: every link in it is an ordinary page too; the address of this page says what is open, so that reload,
//   Back and sharing work; the focus goes back to where it came from.
import { fragment } from "parley/lib/html";
import { page } from "parley/lib/http";
import { addressOf, isPanel, pathIn } from "parley/models/panel-address";
import { PanelPart } from "parley/models/panel-part";

class SidePanel extends HTMLElement {
  #life;
  #asking = null;
  #opener = null;
  #path = null;
  #part;
  #covers = matchMedia("(max-width: 69.99rem)");
  #watcher = new MutationObserver(() => this.#follow());

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.#part = new PanelPart(this.querySelector("[data-part]"));
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
    if (path === this.#path) this.#cover(); // what lies under it may be new
    else if (path) this.#load(path);
    else this.#hide();
  }

  /** `sent` is the form that made this necessary. */
  async #load(path, sent = null) {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    this.#path = path;
    this.ariaBusy = "true";
    try {
      const answer = await page(path, { signal });
      const part = fragment(answer.html).querySelector("[data-panel]");
      if (!part) location.assign(path);
      else await this.#show(part, sent, signal);
    } catch (error) {
      if (!signal.aborted) this.#trouble(error.message, path);
    }
    if (!signal.aborted) this.ariaBusy = "false";
  }

  async #show(part, sent, signal) {
    await this.#part.prepare(part);
    if (signal.aborted) return;
    this.#trouble("");
    this.querySelector("[data-title]").textContent = part.dataset.panel;
    this.querySelector("[data-page]").href = this.#path;
    this.#part.show(part, this.#path, sent);
    this.#reveal();
    this.#tell("panel.shown", { url: this.#path });
  }

  /** Says what went wrong over what stands here, which stays unless another `path` was asked for. */
  #trouble(sentence, path = this.#part.path) {
    const box = this.querySelector("[data-trouble]");
    box.hidden = !sentence;
    box.textContent = sentence;
    this.#part.keepOnly(path);
    if (sentence) this.#reveal();
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
    this.#part.keepOnly(null);
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
    const again = href && document.querySelector(`#main a:is([data-opens-panel], [data-mention])[href="${CSS.escape(href)}"]`);
    const rest = ["#main [data-selected]", "#main [role=log]", "#main"].map((query) => document.querySelector(query));
    for (const target of [this.#opener?.isConnected && this.#opener, again, ...rest]) {
      if (!target || target === document.body) continue;
      target.focus({ preventScroll: true });
      if (document.activeElement === target) return; // what is hidden by now takes no focus
    }
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
    if (event.target.ariaBusy !== "true") this.#send(event.target, event.submitter);
  };

  /** Sends a form and shows where the server leads, or the same part again where that is no part. */
  async #send(form, submitter) {
    const shown = this.#path;
    form.ariaBusy = "true";
    try {
      const fields = Object.fromEntries(new FormData(form, submitter));
      await page(pathOf(submitter?.getAttribute("formaction") ?? form.action), { fields });
      if (this.#path === shown) await this.#load(shown, form);
    } catch (error) {
      if (this.#path === shown) this.#trouble(error.message);
    }
    form.ariaBusy = null;
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
