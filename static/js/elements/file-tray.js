// <file-tray>: the files of a message that is being written: chosen, dropped or pasted, sent to the server at once.
// Called by: templates/chat/_tray.html, inside a message-composer, whose events it joins.
// Keeps true: a message leaves with all of its files or says which one is missing; what the server has survives a
//   reload; a message that waits for its files leaves with them though one goes elsewhere; what is taken out goes from the server too.
import { clone } from "parley/lib/html";
import { post, Trouble } from "parley/lib/http";
import { sizeWords } from "parley/lib/sizes";
import { upload } from "parley/lib/upload";
import { gettext, ngettext } from "parley/lib/words";
import { connection } from "parley/models/connection";
import { dropZone } from "parley/models/drop-zone";
import { KeptFiles } from "parley/models/kept-files";
import { Uploads } from "parley/models/uploads";

const SIDE = 80;
const DRAWN_MAX = 30 * 1024 * 1024;

class FileTray extends HTMLElement {
  #life;
  #uploads;
  #onTheirWay = new Map();
  #kept;
  #waits = 0; // messages that are sent when all files are there

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    this.composer = this.closest("message-composer");
    this.list = this.querySelector("[data-list]");
    this.input = this.composer.querySelector("input[data-files]");
    this.input.removeAttribute("name"); // what is chosen is sent from here, not with the form
    this.#uploads = new Uploads({ send: (file, options) => upload(this.dataset.upload, file, options) });
    this.#uploads.addEventListener("changed", ({ detail }) => this.#show(detail));
    const { draft, spaceId } = this.composer.dataset;
    this.#kept = new KeptFiles(`files:${document.body.dataset.memberId}:${draft ?? spaceId}`);
    this.#listen(signal);
    this.#restore();
  }

  disconnectedCallback() {
    this.#life.abort();
    if (this.#waits) return;
    for (const { ender } of this.#uploads.entries) ender.abort();
    this.list.replaceChildren();
  }

  #listen(signal) {
    this.input.addEventListener("change", this.#chosen, { signal });
    this.list.addEventListener("click", this.#clicked, { signal });
    this.composer.addEventListener("paste", this.#pasted, { signal });
    this.composer.addEventListener("composer.sending", this.#sending, { signal });
    this.composer.addEventListener("composer.sent", this.#sent, { signal });
    this.composer.addEventListener("composer.refused", this.#refused, { signal });
    addEventListener("online", () => this.#uploads.retryTroubled(), { signal });
    connection.on("state", () => connection.state === "open" && this.#restore(), signal);
    dropZone(this.closest(".thread, [role=dialog]") ?? this.closest("main"), this.#take, signal);
  }

  // Files come

  #chosen = () => {
    this.#take([...this.input.files]);
    this.input.value = "";
  };

  /** A picture, or files copied elsewhere; a text that carries its own picture stays a text. */
  #pasted = (event) => {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.#take([...files]);
  };

  #take = (files) => {
    const { most, bytesMost } = this.dataset;
    for (const file of files) {
      const isFull = this.#uploads.entries.length >= Number(most);
      if (isFull) {
        this.#say(ngettext("A message shows at most {count} file.", "A message shows at most {count} files.", Number(most)));
        return;
      }
      if (!file.size) this.#uploads.refuse(file, gettext("It is empty."));
      else if (file.size > Number(bytesMost)) this.#uploads.refuse(file, gettext("It is larger than {size}.", { size: sizeWords(bytesMost) }));
      else this.#uploads.add(file);
    }
    this.composer.focusField();
  };

  // What is shown of them

  #show(entry) {
    let row = this.list.querySelector(`[data-number="${entry.number}"]`);
    if (entry.state === "gone") row?.remove();
    else {
      if (!row) this.list.append((row = this.#row(entry)));
      this.#update(row, entry);
    }
    this.#keep();
  }

  #row(entry) {
    const row = clone("tray-file");
    row.dataset.number = entry.number;
    row.querySelector("[data-name]").textContent = entry.name;
    row.querySelector("[data-again] [data-label]").textContent = gettext("Try {name} again", { name: entry.name });
    row.querySelector("[data-out] [data-label]").textContent = gettext("Take {name} out", { name: entry.name });
    if (entry.file) draw(entry.file, row.querySelector("canvas"));
    return row;
  }

  #update(row, { state, progress, size, sentence, isFinal, kept, file }) {
    row.dataset.state = state;
    row.querySelector("[data-more]").textContent = state === "failed" ? sentence : sizeWords(size);
    const bar = row.querySelector("[data-bar]");
    bar.value = Math.round(progress * 100);
    bar.hidden = state === "sent" || state === "failed";
    row.querySelector("[data-again]").hidden = state !== "failed" || Boolean(isFinal);
    const picture = row.querySelector("img");
    if (!file && kept?.preview && picture.hidden) Object.assign(picture, { src: kept.preview, hidden: false });
  }

  #say(sentence) {
    this.querySelector("[data-status]").textContent = sentence;
  }

  #clicked = ({ target }) => {
    const number = Number(target.closest("[data-number]")?.dataset.number);
    if (target.closest("[data-again]")) this.#uploads.again(number);
    if (!target.closest("[data-out]")) return;
    const { kept } = this.#uploads.remove(number) ?? {};
    this.#say("");
    // Whether it is gone from the server matters to nobody here: what no message shows goes by itself.
    if (kept) post(`/files/${kept.id}/discard/`).catch(() => {});
    this.composer.focusField();
  };

  // The message leaves

  #sending = (event) => {
    if (event.defaultPrevented || (!this.#uploads.entries.length && this.#kept.areKnown)) return;
    this.#say("");
    event.detail.waitUntil(this.#ready(event.detail.fields));
  };

  /** All are with the server: fields names them then. */
  async #ready(fields) {
    this.#waits += 1;
    try {
      await this.#restore();
      if (!this.#kept.areKnown) throw new Trouble(gettext("The server cannot be reached."));
      const sent = await this.#uploads.settled();
      fields.file = sent.map(({ id }) => id);
      this.#onTheirWay.set(fields.file.join(), sent);
      if (!this.isConnected) this.#kept.note([]); // nobody is here to hear that it was sent
    } finally {
      this.#waits -= 1;
    }
  }

  #sent = ({ detail: { fields } }) => {
    for (const { number, kept } of this.#uploads.entries) if (fields.file?.includes(kept?.id)) this.#uploads.remove(number);
    this.#kept.forget(fields.file ?? []);
    this.#keep();
  };

  /** The text went back into the field, and so do the files. */
  #refused = ({ detail: { fields } }) => {
    for (const kept of this.#onTheirWay.get(fields?.file?.join()) ?? []) this.#uploads.restore(kept);
  };

  // Over a reload

  #keep() {
    this.#kept.note(this.#uploads.sent.map(({ id }) => id));
  }

  /** Takes in those that the server still has. */
  #restore() {
    const take = (file) => (file ? this.#uploads.restore(file) : this.#keep());
    return this.#kept.restore(take, this.#life.signal);
  }
}

/** A small picture of a picture, drawn here: nothing has to come from the server, nor be allowed to. */
async function draw(file, canvas) {
  if (!/^image\/(png|jpeg|webp|gif)$/.test(file.type) || file.size > DRAWN_MAX) return;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return;
  const scale = Math.max(SIDE / picture.width, SIDE / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  canvas.getContext("2d").drawImage(picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  canvas.hidden = false;
  picture.close();
}

customElements.define("file-tray", FileTray);
