// <local-time>: a moment in the locale and zone of who looks, the full moment on hover.
// Called by: messages, lists. `data-as` is "time" (default), "date", "moment" or "near".
import { fullMoment, nearMoment, shortDate, timeOfDay } from "parley/lib/dates";

const WAYS = { time: timeOfDay, date: shortDate, moment: fullMoment, near: nearMoment };

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const date = new Date(time?.dateTime ?? "");
    if (Number.isNaN(date.getTime())) return;
    time.textContent = (WAYS[this.dataset.as] ?? timeOfDay)(date);
    time.title = fullMoment(date);
  }
}

customElements.define("local-time", LocalTime);
