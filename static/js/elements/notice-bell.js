// <notice-bell>: how many notices wait, live; and a notice whose link is followed is read.
// Called by: templates/app.html; links with data-notice, wherever they stand.
// Keeps true: the number is the server's; the bell is an ordinary link to the inbox.
import { get, post } from "parley/lib/http";
import { ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

const MOST = 99;
const SOON_MS = 250;

class NoticeBell extends HTMLElement {
  #life;
  #soon;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    for (const type of ["notice.added", "unread.changed", "space.read", "doubt"]) connection.on(type, this.#ask, signal);
    for (const type of ["click", "auxclick"]) document.addEventListener(type, this.#followed, { signal, capture: true });
    this.#fetch();
  }

  disconnectedCallback() {
    this.#life.abort();
    clearTimeout(this.#soon);
  }

  /** Several frames that come together ask once. */
  #ask = () => {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#fetch(), SOON_MS);
  };

  async #fetch() {
    const { signal } = this.#life;
    try {
      const { notices } = await get(`/orgs/${document.body.dataset.org}/unread/`, { signal });
      if (!signal.aborted) this.#show(notices);
    } catch {
      // the next frame, or the next connection, asks again
    }
  }

  #show(count) {
    const figure = this.querySelector("[data-count]");
    figure.hidden = !count;
    figure.textContent = count > MOST ? `${MOST}+` : count;
    const words = ngettext("{count} unread notice", "{count} unread notices", count);
    this.querySelector("[data-words]").textContent = count ? words : "";
  }

  #followed = ({ target, button }) => {
    const link = target.closest?.("a[data-notice]");
    if (!link || button > 1) return;
    const { notice } = link.dataset;
    link.removeAttribute("data-notice");
    link.closest("[data-unread-row]")?.removeAttribute("data-unread-row");
    post(`/notices/${notice}/read/`, {}, { keepalive: true }).catch(() => {}); // it stays unread, and says so
  };
}

customElements.define("notice-bell", NoticeBell);
