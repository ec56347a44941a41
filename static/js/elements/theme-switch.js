// <theme-switch>: light, dark, or as the system says; kept in this browser.
// Called by: templates/_theme_switch.html. theme.js sets it again before the next page's first paint.
import { read, write } from "parley/lib/store";

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    const theme = read("theme");
    for (const input of this.querySelectorAll("input")) input.checked = input.value === (theme || "system");
    this.addEventListener("change", this.#choose);
  }

  #choose = ({ target }) => {
    const theme = target.value === "system" ? "" : target.value;
    write("theme", theme);
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
}

customElements.define("theme-switch", ThemeSwitch);
