// <presence-mark data-member-id>: whether somebody is here, by a shape and a word.
// Called by: templates/people/_presence.html, mention-list. Keeps true: who is not here, or not known to be, has no mark.
import { gettext } from "parley/lib/words";
import { people } from "parley/models/people";

const WORDS = {
  active: () => gettext("Active"),
  away: () => gettext("Away"),
  busy: () => gettext("Do not disturb"),
};

class PresenceMark extends HTMLElement {
  connectedCallback() {
    people.addEventListener("presence", this.#show);
    this.#show();
  }

  disconnectedCallback() {
    people.removeEventListener("presence", this.#show);
  }

  #show = () => {
    const state = people.stateOf(this.dataset.memberId);
    if (state === this.dataset.state) return;
    this.dataset.state = state;
    const words = WORDS[state]?.() ?? "";
    this.hidden = !words;
    this.title = words;
    if ("words" in this.dataset) this.textContent = words;
    else {
      this.role = "img";
      this.ariaLabel = words;
    }
  };
}

customElements.define("presence-mark", PresenceMark);
