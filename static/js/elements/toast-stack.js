// <toast-stack>: a notice of something elsewhere, in a corner of the page, for a few seconds.
// Called by: templates/app.html; its rows are clones of <template id="toast">.
// Keeps true: what one looks at is not told here, nor a reaction, nor anything while one is not to be disturbed (the
//   server says); none goes while it is hovered or has the focus; the focus is never lost with one.
import { clone } from "parley/lib/html";
import { get } from "parley/lib/http";
import { connection } from "parley/models/connection";
import { paint } from "parley/models/people";
import { shortcut } from "parley/models/shortcuts";

const MOST = 3;
const SHOWN_MS = 8000;
const WRITES = "input, textarea, select";

class ToastStack extends HTMLElement {
  #life;
  #from = null; // where the focus came from
  #timers = new Map();
  #key = null;

  connectedCallback() {
    const { signal } = (this.#life = new AbortController());
    connection.on("notice.added", this.#came, signal);
    connection.on("space.read", ({ space, back }) => !back && this.#drop((toast) => toast.dataset.spaceId === space), signal);
    document.addEventListener("visit.landed", this.#landed, { signal });
    document.addEventListener("keydown", this.#pressed, { signal });
    this.addEventListener("click", this.#clicked, { signal });
    this.addEventListener("focusin", ({ relatedTarget }) => this.#entered(relatedTarget), { signal });
    for (const type of ["pointerenter", "pointerleave", "focusout"]) this.addEventListener(type, this.#watch, { signal });
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#key?.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #came = async (frame) => {
    if (frame.kind === "reaction" || document.visibilityState !== "visible" || isInView(frame)) return;
    try {
      const told = await get(`/notices/${frame.notice}/`, { signal: this.#life.signal });
      if (told.toast && told.unread && !isInView(frame)) this.#show(frame, told);
    } catch {
      // The bell counts it.
    }
  };

  #show({ notice, space, thread }, { title, excerpt, path, by }) {
    const toast = clone("toast");
    Object.assign(toast.dataset, { notice, spaceId: space, thread: thread ?? "" });
    const link = toast.querySelector("a");
    link.href = path;
    link.dataset.notice = notice;
    toast.querySelector("[data-title]").textContent = title;
    toast.querySelector("[data-excerpt]").textContent = excerpt;
    const picture = toast.querySelector("[data-picture]");
    if (by) paint(picture, by);
    picture.classList.toggle("avatar--square", Boolean(by && !by.id));
    if (by?.id) picture.dataset.tint = by.id;
    this.append(toast);
    this.#listen();
    while (this.children.length > MOST) this.#remove(this.firstElementChild);
    this.#watch();
  }

  /** Escape takes the newest away before it does anything else. */
  #listen() {
    this.#key?.abort();
    const { signal } = (this.#key = new AbortController());
    shortcut("Escape", { run: () => this.#dismiss(), when: () => this.#isFirst, anywhere: true, signal });
  }

  get #isFirst() {
    return this.children.length > 0 && !document.querySelector("dialog[open], :popover-open");
  }

  #pressed = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.#isFirst) return;
    if (!document.activeElement?.matches(WRITES)) return; // elsewhere the shortcut hears it
    event.preventDefault();
    this.#dismiss();
  };

  #dismiss() {
    this.#remove(document.activeElement?.closest("toast-stack > *") ?? this.lastElementChild);
  }

  #clicked = ({ target }) => {
    const toast = target.closest("toast-stack > *");
    if (target.closest("[data-close]")) this.#remove(toast);
    else if (target.closest("a")) setTimeout(() => this.#remove(toast)); // when the click has been heard by all
  };

  #entered(from) {
    if (from && !this.contains(from)) this.#from = from;
    this.#watch();
  }

  /** The time runs only while nobody is at them. */
  #watch = () => {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.matches(":hover, :focus-within")) return;
    for (const toast of this.children) this.#timers.set(toast, setTimeout(() => this.#remove(toast), SHOWN_MS));
  };

  #landed = () => this.#drop(({ dataset: { spaceId, thread } }) => isInView({ space: spaceId, thread }));

  #drop(isOver) {
    for (const toast of [...this.children].filter(isOver)) this.#remove(toast);
  }

  #remove(toast) {
    clearTimeout(this.#timers.get(toast));
    this.#timers.delete(toast);
    const hadFocus = toast.contains(document.activeElement);
    const next = toast.nextElementSibling ?? toast.previousElementSibling;
    toast.remove();
    if (!this.children.length) this.#key?.abort();
    if (!hadFocus) return;
    const back = this.#from?.isConnected ? this.#from : document.getElementById("main");
    (next?.querySelector("a") ?? back).focus({ preventScroll: true });
  }
}

/** Whether the place of a notice stands open on this page. A reminder is about its time, not its place. */
function isInView({ space, thread, kind }) {
  if (kind === "reminder") return false;
  const place = thread
    ? `thread-feed[data-root-id="${CSS.escape(thread)}"]`
    : `message-feed[data-space-id="${CSS.escape(space)}"]`;
  const open = document.querySelector(place);
  return Boolean(open) && !open.closest("[inert]");
}

customElements.define("toast-stack", ToastStack);
