// <notice-bell>: how many notices wait, live; and a notice whose link is followed is read.
// Called by: templates/app.html; links with data-notice, wherever they stand.
// Keeps true: the number is the server's (models/unread.js); the bell is an ordinary link to the inbox, and Alt + I
//   opens it from wherever one is.
import { post } from "parley/lib/http";
import { gettext, ngettext } from "parley/lib/words";
import { shortcut } from "parley/models/shortcuts";
import { unread } from "parley/models/unread";

const MOST = 99;

class NoticeBell extends HTMLElement {
  #life;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    unread.addEventListener("changed", this.#show, { signal });
    for (const type of ["click", "auxclick"]) document.addEventListener(type, this.#followed, { signal, capture: true });
    shortcut("alt+i", { label: gettext("Notices"), run: () => this.querySelector("a").click(), signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #show = () => {
    const count = unread.notices;
    const figure = this.querySelector("[data-count]");
    figure.hidden = !count;
    figure.textContent = count > MOST ? `${MOST}+` : count;
    const words = ngettext("{count} unread notice", "{count} unread notices", count);
    this.querySelector("[data-words]").textContent = count ? words : "";
  };

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
