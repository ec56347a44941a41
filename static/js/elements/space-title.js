// <space-title>: what a Space is called and about, as it changes; who may write changes the topic in place.
// Called by: templates/chat/_space_title.html.
// Keeps true: facts never go back to an older revision; Escape leaves the topic as it was, and what others set never
//   comes into the field that one is writing in; where one's rights here change, the page is shown again.
import { post } from "parley/lib/http";
import { gettext, ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { visits } from "parley/models/visits";

class SpaceTitle extends HTMLElement {
  #life;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.text = this.querySelector("[data-topic]");
    this.button = this.querySelector("[data-edit]");
    this.form = this.querySelector("form");
    const { spaceId } = this.dataset;
    connection.on("space.changed", (facts) => facts.space === spaceId && this.#take(facts), signal);
    connection.on("members.changed", ({ space, members }) => space === spaceId && tally("members", members), signal);
    connection.on("seat.changed", ({ space }) => space === spaceId && visits.again(), signal);
    if (this.form) this.#listen();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  #take({ revision, name, private: isPrivate, topic, archived, pins, members }) {
    if (revision < Number(this.dataset.revision)) return;
    tally("pins", pins);
    tally("members", members);
    this.dataset.revision = revision;
    if (archived !== "archived" in this.dataset) visits.again();
    this.querySelector("[data-space-name]").textContent = name;
    this.querySelector("[data-space-private]").textContent = isPrivate ? gettext(", private") : "";
    this.querySelector("h1 use").setAttribute("href", isPrivate ? "#i-lock" : "#i-hash");
    const count = /^\(\d+\+?\) /.exec(document.title)?.[0] ?? ""; // of what is unread
    document.title = [count + name, ...document.title.split(" · ").slice(-2)].join(" · ");
    document.querySelector("#main [role=log]")?.setAttribute("aria-label", gettext("Messages in {name}", { name }));
    this.#show(topic);
  }

  // The topic

  #listen() {
    this.button.addEventListener("click", () => this.#open(true));
    this.form.addEventListener("submit", this.#save);
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#open(false);
    });
    this.form.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.form.contains(relatedTarget) && this.form.topic.value === this.text.textContent) this.#open(false);
    });
  }

  #show(topic) {
    this.text.textContent = topic;
    this.text.title = topic;
    this.text.hidden = !topic || Boolean(this.form && !this.form.hidden);
    const word = this.querySelector("[data-word]");
    if (!word) return;
    word.textContent = topic ? gettext("Change the topic") : gettext("Add a topic");
    word.classList.toggle("unseen", Boolean(topic));
  }

  #open(isOpen) {
    const hadFocus = this.contains(document.activeElement);
    this.form.hidden = !isOpen;
    this.button.hidden = isOpen;
    this.#show(this.text.textContent);
    this.form.topic.setCustomValidity("");
    if (isOpen) {
      this.form.topic.value = this.text.textContent;
      this.form.topic.select();
    } else if (hadFocus) this.button.focus();
  }

  #save = async (event) => {
    event.preventDefault();
    const { topic: field } = this.form;
    try {
      const { topic } = await post(this.form.action, { topic: field.value });
      this.text.textContent = topic;
      this.#open(false);
    } catch (error) {
      field.setCustomValidity(error.message);
      field.reportValidity();
      field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
    }
  };
}

/** How many there are, in the bar beside the title. */
function tally(what, number) {
  const box = document.querySelector(`[data-tally="${what}"]`);
  if (!box) return;
  box.textContent = number;
  box.hidden = what === "pins" && !number;
  const word = document.querySelector(`[data-tally-word="${what}"]`);
  if (word) word.textContent = ngettext("member", "members", number);
}

customElements.define("space-title", SpaceTitle);
