// <theme-switch>: light, dark, or as the system says; kept in this browser.
// Called by: templates/_theme_switch.html. theme.js sets it again before the next page's first paint.
import { read, write } from "parley/lib/store";

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    const chosen = this.querySelector(`input[value="${read("theme") === "dark" ? "dark" : read("theme") === "light" ? "light" : "system"}"]`);
    if (chosen) chosen.checked = true;
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
