// Speaks to the server in JSON.
// Called by: elements; models get these functions handed in.
// Keeps true: a refusal carries the server's sentence; anything that may pass by itself is a Trouble.
import { gettext } from "parley/lib/words";

const PATIENCE_MS = 20_000;
const SIGNED_OUT = gettext("You are signed out. Sign in again; what you wrote is kept in this browser.");
const WORDS = {
  404: gettext("This is no longer here, or no longer for you."),
  413: gettext("That is too large to send."),
  429: gettext("That was too fast. Wait a moment and send it again."),
  other: gettext("The server refused this. Reload the page; your text is kept."),
};

/** The server said no, in words. */
export class Refusal extends Error {
  constructor(sentence, { code = "refused", status = 400 } = {}) {
    super(sentence);
    this.code = code;
    this.status = status;
  }
}

/** The server was not reached, or could not answer now. */
export class Trouble extends Error {}

export function get(url, { signal } = {}) {
  return call(url, { method: "GET" }, signal);
}

/** Posts fields as a form does, a list as one name several times, with the key that the page's own forms carry.
 * `keepalive`: it goes out even if the page ends now. */
export function post(url, fields = {}, { signal, keepalive = false } = {}) {
  const key = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  return call(url, { method: "POST", body: encoded(fields), keepalive, headers: { "X-CSRFToken": key } }, signal);
}

/** Fetches a page for people, or sends it fields; resolves to `{html}` of the page that this led to. */
export async function page(url, { fields, signal } = {}) {
  const options = fields ? { method: "POST", body: encoded(fields) } : { method: "GET" };
  let response;
  let html;
  try {
    response = await fetch(url, { ...options, headers: { Accept: "text/html" }, signal, credentials: "same-origin" });
    html = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(gettext("The server cannot be reached."));
  }
  if (new URL(response.url).pathname === "/accounts/login/") throw complaint({ status: 401 }, null);
  if (!response.ok) throw complaint(response, null);
  return { html, url: response.url };
}

function encoded(fields) {
  if (fields instanceof FormData) return fields;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const each of [value].flat()) form.append(name, each);
  return form;
}

async function call(url, options, signal) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const either = signal && AbortSignal.any ? AbortSignal.any([signal, patience]) : (signal ?? patience);
  const headers = { Accept: "application/json", ...options.headers };
  let response;
  let answer;
  try {
    response = await fetch(url, { ...options, headers, signal: either, credentials: "same-origin" });
    answer = await read(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(gettext("The server cannot be reached."));
  }
  // Nothing that answers in JSON redirects, but for the way to the sign-in page.
  if (response.ok && answer && !response.redirected) return answer;
  throw complaint(response, answer);
}

async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  return type.includes("json") ? response.json() : null;
}

function complaint(response, answer) {
  const { status } = response;
  if (response.redirected || status === 401) return new Refusal(SIGNED_OUT, { code: "signed_out", status: 401 });
  if (answer?.error) {
    if (status >= 500) return new Trouble(answer.error.sentence);
    return new Refusal(answer.error.sentence, { code: answer.error.code, status });
  }
  if (WORDS[status]) return new Refusal(WORDS[status], { code: `http_${status}`, status });
  if (status >= 400 && status < 500) return new Refusal(WORDS.other, { status });
  return new Trouble(gettext("The server could not answer."));
}
