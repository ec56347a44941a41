// <preview-switch>: lets one send a message without previews of its links.
// Called by: templates/chat/_commands.html, inside a composer.
// Keeps true: it stands there only while an address is being written, and the next message starts with previews again.

const ADDRESS = /(?:^|[\s(<])(https?:\/\/[^\s]{3,})/gi;

class PreviewSwitch extends HTMLElement {
  #life;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    const composer = this.closest("message-composer");
    this.box = this.querySelector("[data-off]");
    composer.addEventListener("composer.typed", ({ detail }) => (this.hidden = !leadsElsewhere(detail.text)), { signal });
    composer.addEventListener("composer.sending", this.#sending, { signal });
    composer.addEventListener("composer.sent", () => (this.box.checked = false), { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #sending = ({ detail }) => {
    if (!this.hidden && this.box.checked) detail.fields.preview = "off";
  };
}

/** Our own addresses have no previews. */
function leadsElsewhere(text) {
  return [...text.matchAll(ADDRESS)].some(([, address]) => !address.startsWith(`${location.origin}/`));
}

customElements.define("preview-switch", PreviewSwitch);
