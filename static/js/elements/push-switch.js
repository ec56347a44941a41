// <push-switch>: turns notifications of this device on and off, says how things stand, and shows the person's devices.
// Called by: notices/_push.html, with data-url (its page) and data-device (what the server knows of this sign-in).
// Keeps true: what it says is what the browser and the server both know; leave is asked only after a click.
import { fragment } from "parley/lib/html";
import { page } from "parley/lib/http";
import { gettext } from "parley/lib/words";
import { NoService, state, turnOff, turnOn } from "parley/models/push";

class PushSwitch extends HTMLElement {
  #life;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.addEventListener("click", this.#clicked, { signal });
    this.#look();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #clicked = async ({ target }) => {
    const button = target.closest("button[data-turn]");
    if (!button || this.ariaBusy === "true") return;
    this.ariaBusy = "true";
    this.#say("");
    this.#show("asking");
    try {
      if (button.dataset.turn === "on") await turnOn();
      else await turnOff();
      await this.#again();
    } catch (error) {
      this.#say(error instanceof NoService ? noService() : error.message);
    }
    this.ariaBusy = null;
    await this.#look({ focus: true });
  };

  /** Takes over the list of devices as it is now. */
  async #again() {
    const { html } = await page(this.dataset.url, { signal: this.#life.signal });
    const fresh = fragment(html).querySelector("push-switch");
    if (!fresh) return;
    this.dataset.device = fresh.dataset.device;
    this.replaceChildren(...fresh.childNodes);
  }

  async #look({ focus = false } = {}) {
    const known = await state();
    this.#show(known === "on" && !this.dataset.device ? "off" : known);
    if (focus) this.querySelector("[data-when]:not([hidden]) button[data-turn]")?.focus();
  }

  #show(state) {
    for (const part of this.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  }

  #say(sentence) {
    const words = this.querySelector("[data-words]");
    words.textContent = sentence;
    words.hidden = !sentence;
  }
}

function noService() {
  return gettext("This browser could not reach its own notification service. Check the connection and try again; some browsers, and private windows, come without one.");
}

customElements.define("push-switch", PushSwitch);
