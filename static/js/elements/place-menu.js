// <place-menu>: puts a Space among the favourites, or under another heading of one's own sidebar.
// Called by: space-links, for the button or the right click on a place; its markup is templates/_place_menu.html.
// Keeps true: arrows walk through it, Escape closes it, and the focus goes back to where it came from.
import { move } from "parley/models/placing";

class PlaceMenu extends HTMLElement {
  /** Opens beside the element that asked for it, about the Space of that id. */
  open(opener, space) {
    this.space = space;
    this.opener = opener;
    const group = opener.closest("details");
    const isFavourite = group?.dataset.group === "favourites";
    this.querySelector("[data-star]").hidden = isFavourite;
    this.querySelector("[data-unstar]").hidden = !isFavourite;
    const last = this.querySelector("[data-section]");
    last.hidden = group?.dataset.group === "spaces";
    for (const each of document.querySelectorAll("space-links details[data-section-id]")) {
      if (each === group) continue;
      const item = last.cloneNode();
      item.hidden = false;
      item.dataset.section = each.dataset.sectionId;
      item.textContent = each.querySelector("h2").textContent;
      last.before(item);
    }
    this.querySelector("p").hidden = !this.querySelector("[data-section]:not([hidden])");
    this.addEventListener("click", this.#picked);
    this.addEventListener("keydown", this.#pressed);
    this.addEventListener("toggle", ({ newState }) => newState === "closed" && this.#end());
    this.showPopover();
    const { left, bottom } = opener.getBoundingClientRect();
    this.style.insetInlineStart = "auto";
    this.style.left = `${Math.max(8, Math.min(left, innerWidth - this.offsetWidth - 8))}px`;
    this.style.top = `${Math.max(8, Math.min(bottom, innerHeight - this.offsetHeight - 8))}px`;
    opener.ariaExpanded = "true";
    this.#items[0].focus();
  }

  get #items() {
    return [...this.querySelectorAll("[role=menuitem]:not([hidden])")];
  }

  #picked = ({ target }) => {
    const item = target.closest("[role=menuitem]");
    if (!item) return;
    if (item.matches("[data-star], [data-unstar]")) move(this.space, { favourite: item.matches("[data-star]") });
    else if (item.dataset.section !== undefined) move(this.space, { section: item.dataset.section });
    this.hidePopover();
  };

  #pressed = (event) => {
    const items = this.#items;
    const here = items.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items[next % items.length].focus();
  };

  #end() {
    this.opener.ariaExpanded = "false";
    if (this.opener.isConnected && this.contains(document.activeElement)) this.opener.focus();
    this.remove();
  }
}

customElements.define("place-menu", PlaceMenu);
