// Speaks to the server in JSON.
// Called by: elements; models get these functions handed in.
// Keeps true: a refusal carries the server's sentence; anything that may pass by itself is a Trouble; a file that
//   somebody brought is never taken for an answer.
import { documentOf } from "parley/lib/html";
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
  constructor(sentence, { code = "refused", status = 400, liftedAt = "" } = {}) {
    super(sentence);
    this.liftedAt = liftedAt; // the page on which this can be changed
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

/** Fetches a page for people, or sends it fields; resolves to `{html}` of the page that this led to. A file that
 * somebody brought lies on this server too: it is never a page. */
export async function page(url, { fields, signal } = {}) {
  const options = fields ? { method: "POST", body: encoded(fields) } : { method: "GET" };
  const [response, html] = await ask(url, { ...options, headers: { Accept: "text/html" } }, signal, "text/html", "text");
  if (new URL(response.url).pathname === "/accounts/login/") throw complaint({ status: 401 }, null);
  if (!response.ok) throw complaint(response, html && spoken(html));
  if (html === null) throw new Refusal(gettext("This cannot be shown here."), { code: "no_page" });
  return { html, url: response.url };
}

/** What a page that refuses says of it, as the same refusal would be said in JSON. */
function spoken(html) {
  const sentence = documentOf(html).querySelector("main [role=alert]:not([hidden])")?.textContent.trim();
  return sentence ? { error: { sentence } } : null;
}

function encoded(fields) {
  if (fields instanceof FormData) return fields;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const each of [value].flat()) form.append(name, each);
  return form;
}

async function call(url, options, signal) {
  const headers = { Accept: "application/json", ...options.headers };
  const [response, answer] = await ask(url, { ...options, headers }, signal, "application/json", "json");
  // Nothing that answers in JSON redirects, but for the way to the sign-in page.
  if (response.ok && answer && !response.redirected) return answer;
  throw complaint(response, answer);
}

/** What came within the patience one has, and its body as `form` ("text", "json"): null unless this server itself says
 * something of that media type. */
async function ask(url, options, signal, type, form) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const either = signal && AbortSignal.any ? AbortSignal.any([signal, patience]) : (signal ?? patience);
  try {
    const response = await fetch(url, { ...options, signal: either, credentials: "same-origin" });
    if (isSaid(response, type)) return [response, await response[form]()];
    response.body?.cancel();
    return [response, null];
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(gettext("The server cannot be reached."));
  }
}

/** Whether an answer is this server's own word. What is to be saved is the word of whoever brought it. */
function isSaid({ url, headers }, type) {
  const [said] = (headers.get("Content-Type") ?? "").toLowerCase().split(";");
  return new URL(url).origin === location.origin && said.trim() === type && !headers.has("Content-Disposition");
}

function complaint(response, answer) {
  const { status } = response;
  if (response.redirected || status === 401) return new Refusal(SIGNED_OUT, { code: "signed_out", status: 401 });
  if (answer?.error) {
    if (status >= 500) return new Trouble(answer.error.sentence);
    const { sentence, code, lifted_at: liftedAt } = answer.error;
    return new Refusal(sentence, { code, status, liftedAt });
  }
  if (WORDS[status]) return new Refusal(WORDS[status], { code: `http_${status}`, status });
  if (status >= 400 && status < 500) return new Refusal(WORDS.other, { status });
  return new Trouble(gettext("The server could not answer."));
}
