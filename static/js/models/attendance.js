// Tells the server whether somebody is at this tab: active, or away after five minutes without a hand, or out of sight.
// Called by: page.js.
// Keeps true: said on every change, after every reconnect and every 50 seconds; nothing is said of what was done.
import { connection } from "parley/models/connection";

const BEAT_MS = 50_000;
const IDLE_MS = 5 * 60_000;
const HIDDEN_MS = 15_000; // a look at another tab is no absence
const HANDS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

class Attendance {
  #state = "";
  #idle;
  #hiding;
  #handAt = 0;

  start() {
    for (const type of HANDS) addEventListener(type, this.#moved, { passive: true, capture: true });
    document.addEventListener("visibilitychange", this.#looked);
    connection.on("state", () => connection.state === "open" && this.#say());
    setInterval(() => this.#say(), BEAT_MS);
    this.#looked();
  }

  #moved = () => {
    const now = Date.now();
    if (this.#state === "active" && now - this.#handAt < 1000) return;
    this.#handAt = now;
    if (document.visibilityState === "visible") this.#be("active");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#be("away"), IDLE_MS);
  };

  #looked = () => {
    clearTimeout(this.#hiding);
    if (document.visibilityState === "visible") this.#moved();
    else this.#hiding = setTimeout(() => this.#be("away"), this.#state ? HIDDEN_MS : 0);
  };

  #be(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#say();
  }

  #say() {
    if (this.#state) connection.send({ type: "presence", state: this.#state });
  }
}

export const attendance = new Attendance();
