// <people-picker>: finds people while one types, and keeps those who are picked on top.
// Called by: templates/people/directs.html. Keeps true: without scripts it is two plain forms; a stale answer is never shown.
import { get } from "parley/lib/http";
import { paint } from "parley/models/people";

const PAUSE_MS = 150;

class PeoplePicker extends HTMLElement {
  #life;
  #asking;
  #pause;

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.form = this.querySelector("[role=search]");
    this.list = this.querySelector("[data-people]");
    this.form.querySelector("button").hidden = true;
    this.form.addEventListener("submit", this.#submitted, { signal });
    this.form.addEventListener("input", this.#typed, { signal });
    this.form.elements.q.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    clearTimeout(this.#pause);
    this.#life.abort();
    this.#asking?.abort();
  }

  #typed = () => {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(this.#find, PAUSE_MS);
  };

  /** Enter picks the first who is found and not picked yet. */
  #submitted = (event) => {
    event.preventDefault();
    const first = this.list.querySelector("input:not(:checked)");
    if (!first || !this.form.elements.q.value.trim()) return;
    first.checked = true;
    this.form.elements.q.value = "";
    this.#find();
  };

  #find = async () => {
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      const query = encodeURIComponent(this.form.elements.q.value);
      const { people } = await get(`${this.form.getAttribute("action")}?q=${query}`, this.#asking);
      this.#show(people);
    } catch {
      // Another letter asks again.
    }
  };

  #show(people) {
    const picked = [...this.list.querySelectorAll(":checked")].map((box) => box.closest("li"));
    const known = new Set(picked.map((row) => row.querySelector("input").value));
    const found = people.filter(({ id }) => !known.has(id)).map((person) => this.#row(person));
    this.list.replaceChildren(...picked, ...found);
    this.querySelector("[data-nobody]").hidden = picked.length + found.length > 0;
  }

  #row(person) {
    const row = document.importNode(this.querySelector("template[data-pick]").content, true).firstElementChild;
    const [box, label] = [row.querySelector("input"), row.querySelector("label")];
    box.value = person.id;
    box.id = label.htmlFor = `pick-${person.id}`;
    const avatar = row.querySelector(".avatar");
    avatar.dataset.tint = avatar.dataset.avatarOf = person.id;
    paint(avatar, person);
    row.querySelector("[data-name]").textContent = person.name;
    row.querySelector("[data-handle]").textContent = `@${person.handle}`;
    row.querySelector("presence-mark").dataset.memberId = person.id;
    return row;
  }
}

customElements.define("people-picker", PeoplePicker);
