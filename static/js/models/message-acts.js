// What is done with a message, by name, and on which messages each may be done.
// Called by: message-actions. Others join in: a line of the table with a name that is not known here is told to the
//   row as the event message.act {action, id}, which bubbles.
// Keeps true: the server decides; what it refuses is said in its words; what is rarely used is loaded when it is.
import { copy } from "parley/lib/clipboard";
import { get, post } from "parley/lib/http";
import { gettext } from "parley/lib/words";
import { bring } from "parley/models/parts";

export class Acts {
  #host;
  #kept = null;
  #editors = null; // their module, once there was one

  /** `host` says things, and holds the dialog. */
  constructor(host) {
    this.#host = host;
  }

  /** Whether all the words of data-when hold for the row. */
  fits({ dataset }, row) {
    const { mine, kind, state, mayAct, pinned, messageId } = row.dataset;
    const isSent = state === "sent" || state === "finished" || state === "stopped";
    const known = {
      mine: mine !== undefined && kind === "member",
      theirs: mine === undefined,
      joined: Boolean(row.closest("[data-read-position], thread-feed")),
      said: isSent,
      deletable: mine !== undefined || mayAct !== undefined || Boolean(row.closest("[data-may-manage]")),
      pinned: pinned !== undefined,
      unpinned: pinned === undefined,
      kept: Boolean(this.#kept?.has(messageId)),
      unkept: !this.#kept?.has(messageId),
    };
    return (dataset.when ?? "").split(" ").every((word) => !word || known[word]);
  }

  /** Finds out which messages one has bookmarked, once. */
  async learn() {
    if (this.#kept) return;
    try {
      this.#kept = new Set((await get(`/orgs/${document.body.dataset.org}/bookmarks/`)).messages);
    } catch {
      // The menu then offers to bookmark; twice is once.
    }
  }

  run(action, row) {
    const acts = {
      edit: () => this.#edit(row),
      delete: () => this.#delete(row),
      react: () => this.#react(row),
      forward: () => this.#forward(row),
      quote: () => this.#quote(row),
      copy: () => this.#copyText(row),
      link: () => this.#copyLink(row),
    };
    if (acts[action]) return this.#try(acts[action]);
    const detail = { action, id: row.dataset.messageId };
    return row.dispatchEvent(new CustomEvent("message.act", { bubbles: true, detail }));
  }

  /** A line that is posted as it is: data-post, and in data-said what is said then. */
  post({ dataset }, row) {
    return this.#try(async () => {
      const id = row.dataset.messageId;
      const answer = await post(dataset.post.replace("{id}", id));
      if (answer.messages) this.#settle(row, answer);
      if (answer.bookmarked !== undefined) this.#kept?.[answer.bookmarked ? "add" : "delete"](id);
      if (dataset.said) this.#host.say(dataset.said);
    });
  }

  async insertEmoji(button) {
    const emoji = await this.#pick(button);
    const detail = { text: emoji };
    if (emoji) button.closest("message-composer").dispatchEvent(new CustomEvent("composer.insert", { detail }));
  }

  /** Rows have come: an editor whose row had left the page goes on. */
  reopen() {
    this.#editors?.reopen((row, kept) => this.#openEditor(row, kept));
  }

  async #edit(row) {
    this.#editors ??= await bring("parley/elements/message-editor");
    if (this.#editors) this.#openEditor(row);
  }

  #openEditor(row, kept = null) {
    const ways = { settle: (answer) => this.#settle(row, answer), say: (words) => this.#host.say(words) };
    this.#editors.openEditor(row, ways, kept);
  }

  async #delete(row) {
    const dialog = this.#host.querySelector("dialog");
    const focused = document.activeElement;
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    const next = row.matches(":focus-within") ? row.closest("[role=log]") : focused;
    if (dialog.returnValue === "delete") this.#settle(row, await post(`/messages/${row.dataset.messageId}/delete/`));
    next?.focus?.({ preventScroll: true });
  }

  async #react(row) {
    const focused = document.activeElement;
    const emoji = await this.#pick(row.querySelector("[data-action=react]") ?? row);
    if (focused !== document.body) focused.focus?.({ preventScroll: true });
    if (!emoji) return;
    this.#settle(row, await post(`/messages/${row.dataset.messageId}/reactions/`, { emoji, on: "1" }));
  }

  async #forward(row) {
    const dialog = await bring("parley/elements/forward-dialog");
    if (!dialog) return;
    const focused = document.activeElement;
    const place = await dialog.forward(row);
    if (focused !== document.body) focused.focus?.({ preventScroll: true });
    if (place) this.#host.say(gettext("Forwarded to {place}", { place }));
  }

  async #pick(anchor) {
    const picker = await bring("parley/elements/emoji-picker");
    return picker?.pick(anchor);
  }

  async #quote(row) {
    const { source } = await this.#message(row);
    const by = row.querySelector(".message__by").textContent;
    const lines = source.split("\n").map((line) => `> ${line}`.trimEnd());
    const text = `[${by}](${address(row)}):\n${lines.join("\n")}\n\n`;
    const feed = row.closest("[role=log]").parentElement.closest("[id]")?.id;
    const composer = document.querySelector(`message-composer[data-feed="${CSS.escape(feed ?? "")}"]`);
    (composer ?? document.querySelector("message-composer")).dispatchEvent(
      new CustomEvent("composer.insert", { detail: { text } }),
    );
  }

  async #copyText(row) {
    const { source } = await this.#message(row);
    this.#host.say((await copy(source)) ? gettext("Text copied") : gettext("Select it and copy by hand"));
  }

  async #copyLink(row) {
    this.#host.say((await copy(address(row))) ? gettext("Link copied") : gettext("Select it and copy by hand"));
  }

  async #message(row) {
    return (await get(`/messages/${row.dataset.messageId}/`)).message;
  }

  #settle(row, { messages }) {
    const feed = row.closest("[role=log]")?.parentElement;
    feed?.dispatchEvent(new CustomEvent("feed.settle", { detail: { messages } }));
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (!error.message) throw error;
      this.#host.say(error.message);
    }
  }
}

function address(row) {
  return new URL(`/messages/${row.dataset.messageId}/`, location.href).href;
}
