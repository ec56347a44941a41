// <connection-banner>: says when live updates are away, and what that means.
// Called by: templates/app.html. Keeps true: a short break is not worth a word; a long one never goes unsaid.
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

const PATIENCE_MS = 1500;
const WORDS = {
  away: gettext("Reconnecting… your text is kept, and new messages are fetched every few seconds."),
  offline: gettext("You are offline. Your text is kept, and what you sent goes out when you are back."),
  "signed-out": gettext("You are signed out. Your text is kept in this browser."),
  removed: gettext("You are no longer a member here."),
};

class ConnectionBanner extends HTMLElement {
  #life;
  #timer;

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    connection.on("state", this.#changed, signal);
    addEventListener("offline", this.#changed, { signal });
    addEventListener("online", this.#changed, { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #changed = () => {
    clearTimeout(this.#timer);
    const { state } = connection;
    if (state === "open") this.hidden = true;
    else if (state === "away" && this.hidden) this.#timer = setTimeout(this.#show, PATIENCE_MS);
    else this.#show();
  };

  #show = () => {
    const { state } = connection;
    const words = WORDS[state === "away" && !navigator.onLine ? "offline" : state];
    if (!words) return;
    this.hidden = false;
    this.querySelector("[data-words]").textContent = words;
    this.querySelector("[data-sign-in]").hidden = state !== "signed-out";
  };
}

customElements.define("connection-banner", ConnectionBanner);
