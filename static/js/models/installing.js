// The browser's offer to install Parley, kept until somebody asks for it.
// Called by: page.js; elements/install-entry.js. Dispatches "changed".
// Keeps true: nothing asks by itself; the entry is there only while the browser would really install.

class Installing extends EventTarget {
  #offer = null;

  start() {
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.#be(event);
    });
    addEventListener("appinstalled", () => this.#be(null));
  }

  get isOffered() {
    return this.#offer !== null;
  }

  async ask() {
    const offer = this.#offer;
    this.#be(null); // one offer asks once
    await offer?.prompt();
  }

  #be(offer) {
    this.#offer = offer;
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

export const installing = new Installing();
