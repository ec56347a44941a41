// Dates and times in the words, the zone and the order of who looks.
// Called by: local-time, models/row-dress.js, models/conversation.js.
import { gettext, locale } from "parley/lib/words";

const DAY_MS = 86_400_000;
const formats = new Map();

export function timeOfDay(date) {
  return format({ hour: "numeric", minute: "2-digit" }, date);
}

export function fullMoment(date) {
  return format({ dateStyle: "full", timeStyle: "short" }, date);
}

export function shortDate(date) {
  return format({ dateStyle: "medium" }, date);
}

/** The time of a moment today, else its day. */
export function nearMoment(date, now = new Date()) {
  return dayKey(date) === dayKey(now) ? timeOfDay(date) : shortDate(date);
}

/** A key that two moments share when they fall on one local day. */
export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** "Today", "Yesterday", or the day itself, with its year when that is another. */
export function dayName(date, now = new Date()) {
  if (dayKey(date) === dayKey(now)) return gettext("Today");
  if (dayKey(date) === dayKey(new Date(now.getTime() - DAY_MS))) return gettext("Yesterday");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format({ weekday: "long", day: "numeric", month: "long", year }, date);
}

/** Tells when another local day has begun: at midnight, or when a page that slept is looked at. */
export function onNewDay(hear, signal) {
  let today = dayKey(new Date());
  let timer;
  const look = () => {
    const now = new Date();
    clearTimeout(timer);
    timer = setTimeout(look, new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1) - now + 500);
    if (dayKey(now) === today) return;
    today = dayKey(now);
    hear();
  };
  document.addEventListener("visibilitychange", look, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  look();
}

function format(options, date) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, options));
  return formats.get(key).format(date);
}
