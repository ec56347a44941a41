// <nav-drawer popover>: the sidebar. The browser opens and closes it; this only closes it where it is no drawer.
// Called by: templates/_sidebar.html. Why: a drawer left open would float over a window that has grown wide.

class NavDrawer extends HTMLElement {
  #wide = matchMedia("(min-width: 56rem)");

  connectedCallback() {
    this.#wide.addEventListener("change", this.#close);
    this.addEventListener("click", this.#followed);
  }

  disconnectedCallback() {
    this.#wide.removeEventListener("change", this.#close);
  }

  #close = () => {
    if (this.matches(":popover-open")) this.hidePopover();
  };

  #followed = ({ target }) => {
    if (target.closest("a[aria-current]")) this.#close();
  };
}

customElements.define("nav-drawer", NavDrawer);
