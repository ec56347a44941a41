// <zone-picker>: offers the time zone of this browser where another is set, or none. Called by: people/profile.html.
import { gettext } from "parley/lib/words";

class ZonePicker extends HTMLElement {
  #field;
  #here = Intl.DateTimeFormat().resolvedOptions().timeZone;

  connectedCallback() {
    this.#field = this.querySelector("input");
    this.#field.addEventListener("input", this.#look);
    this.querySelector("[data-use]").addEventListener("click", this.#use);
    this.#look();
  }

  #look = () => {
    const knows = [...this.querySelectorAll("option")].some(({ value }) => value === this.#here);
    const offer = this.querySelector("[data-offer]");
    offer.hidden = !knows || this.#field.value === this.#here;
    offer.querySelector("[data-words]").textContent = gettext("This browser is in {zone}.", { zone: this.#here });
  };

  #use = () => {
    this.#field.value = this.#here;
    this.#look();
    this.#field.focus();
  };
}

customElements.define("zone-picker", ZonePicker);
