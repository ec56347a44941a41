// <space-star>: makes a Space a favourite, or no longer one, without leaving the page.
// Called by: templates/chat/_space_star.html. Keeps true: it shows what the server said last.
import { post } from "parley/lib/http";

class SpaceStar extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this.#sent);
  }

  #sent = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const { favourite } = await post(form.action, { on: form.on.value });
      form.on.value = favourite ? "" : "on";
      form.querySelector("button").ariaPressed = String(favourite);
    } catch {
      form.submit(); // the server's own page says what is wrong
    }
  };
}

customElements.define("space-star", SpaceStar);
