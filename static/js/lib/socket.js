// A WebSocket that comes back by itself.
// Called by: models/connection.js.
// Keeps true: it says honestly whether it is open; after any doubt (reconnect, sleep) it says so, so that what was
//   missed is fetched. Dispatches "frame" (detail: the frame), "state" and "doubt".

const BEAT_MS = 25_000;
const ANSWER_MS = 6_000;
const TICK_MS = 5_000;
const ASLEEP_MS = 90_000; // hidden pages get a timer a minute; longer silence is sleep
const LONGEST_MS = 20_000;
const FINAL = new Map([
  [4401, "signed-out"],
  [4403, "removed"],
]);

export class LiveSocket extends EventTarget {
  #url;
  #socket = null;
  #tries = 0;
  #timers = {};
  #ticked = Date.now();
  state = "idle";

  constructor(url) {
    super();
    this.#url = url;
  }

  /** Connects now, and keeps connecting until told to end. */
  open() {
    addEventListener("online", this.#again);
    addEventListener("offline", this.#offline);
    document.addEventListener("visibilitychange", this.#again);
    this.#timers.tick = setInterval(this.#tick, TICK_MS);
    this.#connect();
  }

  /** Whether the frame could be handed to an open socket. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    clearTimeout(this.#timers.retry);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      clearInterval(this.#timers.beat);
      this.#timers.beat = setInterval(() => this.#probe(), BEAT_MS);
      this.#say("open");
    };
    socket.onmessage = ({ data }) => {
      clearTimeout(this.#timers.answer);
      this.#timers.answer = null;
      this.dispatchEvent(new CustomEvent("frame", { detail: JSON.parse(data) }));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
  }

  #lost(code) {
    clearInterval(this.#timers.beat);
    clearTimeout(this.#timers.answer);
    this.#timers.answer = null;
    this.#socket = null;
    if (FINAL.has(code)) {
      this.#end();
      this.#say(FINAL.get(code));
      return;
    }
    this.#say("away");
    const wait = Math.min(LONGEST_MS, 600 * 2 ** this.#tries) * (0.25 + 0.75 * Math.random());
    this.#tries += 1;
    this.#timers.retry = setTimeout(() => this.#connect(), wait);
  }

  /** Asks for a sign of life; silence counts as a lost connection. */
  #probe() {
    if (!this.send({ type: "ping" }) || this.#timers.answer) return;
    this.#timers.answer = setTimeout(() => this.#drop(), ANSWER_MS);
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.close();
    this.#lost(1006);
  }

  #again = () => {
    if (document.visibilityState === "hidden") return;
    if (this.state === "open") this.#probe();
    else if (!this.#socket) this.#connect();
  };

  #offline = () => this.#drop();

  #tick = () => {
    const slept = Date.now() - this.#ticked > ASLEEP_MS;
    this.#ticked = Date.now();
    if (!slept) return;
    this.#again();
    this.dispatchEvent(new Event("doubt"));
  };

  #end() {
    removeEventListener("online", this.#again);
    removeEventListener("offline", this.#offline);
    document.removeEventListener("visibilitychange", this.#again);
    clearInterval(this.#timers.tick);
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
