// <credit-balance>: what is left in the organization's pool, and for oneself under a limit of one's own; live.
// Called by: templates/app.html. Keeps true: it shows the server's own rounding, never one made here.
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

class CreditBalance extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    connection.on("pool.changed", this.#show, this.#life.signal);
    connection.on("allowance.changed", this.#showOwn, this.#life.signal);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #show = ({ balance, exact }) => {
    const figure = this.querySelector("[role=status]");
    if (!figure) return; // a guest
    figure.textContent = balance;
    figure.title = gettext("{credits} credits", { credits: exact ?? balance });
  };

  /** Null: nothing limits who looks. */
  #showOwn = ({ left }) => {
    this.querySelector(".balance__own").hidden = left === null;
    this.querySelector("[data-own]").textContent = left ?? "";
  };
}

customElements.define("credit-balance", CreditBalance);
