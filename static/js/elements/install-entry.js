// <install-entry>: installs Parley as an application, where the browser offers that.
// Called by: templates/_sidebar.html. Keeps true: hidden while there is nothing to install, or it is installed.
import { installing } from "parley/models/installing";

class InstallEntry extends HTMLElement {
  #life;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    installing.addEventListener("changed", this.#show, { signal });
    this.querySelector("button").addEventListener("click", () => installing.ask(), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #show = () => {
    this.hidden = !installing.isOffered;
  };
}

customElements.define("install-entry", InstallEntry);
