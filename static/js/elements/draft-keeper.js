// <draft-keeper data-text data-moment>: the draft of its composer on the server, and what another device wrote meanwhile.
// Called by: templates/chat/_composer.html.
// Keeps true: the composer works without it; what it shows came from this person's own devices.
import { grow } from "parley/lib/fields";
import { post } from "parley/lib/http";
import { uuid } from "parley/lib/uuid";
import { connection } from "parley/models/connection";
import { DraftSync } from "parley/models/draft-sync";
import { Drafts } from "parley/models/drafts";

const DEVICE = uuid();
const EXCERPT = 120;

class DraftKeeper extends HTMLElement {
  #life;
  #sync;
  #local;
  #other = "";

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.composer = this.closest("message-composer");
    this.field = this.composer.querySelector("textarea");
    const { spaceId, draft = "" } = this.composer.dataset;
    const { memberId } = document.body.dataset;
    this.#local = new Drafts({ member: memberId, space: draft || spaceId });
    this.#sync = new DraftSync({
      key: `${memberId}:${draft || spaceId}`,
      field: { text: () => kept(this.field.value), show: (text) => this.#show(text) },
      save: (said) => post(`/spaces/${spaceId}/draft/`, { ...said, parent: draft, device: DEVICE }),
      offer: (text) => this.#offer(text),
      note: (at) => (this.querySelector("[name=draft]").value = at),
    });
    this.#listen({ spaceId, draft }, signal);
    if (this.field.value && this.field.defaultValue) return; // what was refused comes back; it is newer than any draft
    this.querySelector("[name=draft]").value = this.#sync.base;
    this.#sync.start({ text: this.dataset.text, at: this.dataset.moment }, kept(this.#local.text));
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#sync.end();
  }

  #listen({ spaceId, draft }, signal) {
    this.composer.addEventListener("composer.typed", () => this.#sync.typed(), { signal });
    this.composer.addEventListener("composer.sent", () => this.#sync.sent(), { signal });
    this.querySelector("[data-use]").addEventListener("click", () => this.#offer(this.#sync.use(this.#other)), { signal });
    this.querySelector("[data-dismiss]").addEventListener("click", () => this.#offer(""), { signal });
    const isMine = ({ space, parent, device }) => space === spaceId && (parent ?? "") === draft && device !== DEVICE;
    connection.on("draft.changed", (frame) => isMine(frame) && this.#sync.heard(frame), signal);
  }

  #show(text) {
    this.field.value = text;
    this.#local.text = text;
    grow(this.field);
  }

  #offer(text) {
    this.#other = text;
    const box = this.querySelector(".composer__other");
    box.hidden = !text;
    box.querySelector("[data-excerpt]").textContent = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
    if (!text) this.field.focus({ preventScroll: true });
  }
}

/** Blanks alone are no draft. */
function kept(text) {
  return text.trim() ? text : "";
}

customElements.define("draft-keeper", DraftKeeper);
