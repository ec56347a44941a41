// <credit-balance>: what is left in the organization's pool, live.
// Called by: templates/app.html. Keeps true: it shows the server's own rounding, never one made here.
import { gettext } from "parley/lib/words";
import { connection } from "parley/models/connection";

class CreditBalance extends HTMLElement {
  #life;

  connectedCallback() {
    this.#life = new AbortController();
    connection.on("pool.changed", this.#show, this.#life.signal);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #show = ({ balance, exact }) => {
    const figure = this.querySelector("[role=status]");
    figure.textContent = balance;
    figure.title = gettext("{credits} credits", { credits: exact ?? balance });
  };
}

customElements.define("credit-balance", CreditBalance);
