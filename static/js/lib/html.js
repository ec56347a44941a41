// HTML made by the server becomes nodes; templates of the page become rows.
// Called by: elements and models that show what the server sent.
// Keeps true: the only place where a string becomes HTML or the address of a script, under the one Trusted Types policy "parley".
//   Nothing but answers of our own server, already cleaned there, may be handed in.

const WORKER = "/sw.js";
const policy = globalThis.trustedTypes?.createPolicy("parley", {
  createHTML: (html) => html,
  createScriptURL: (url) => (url === WORKER ? url : null),
});

/** The nodes of a piece of HTML, as a fragment. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return document.importNode(template.content, true);
}

/** A whole page, apart from this one: nothing in it loads or runs. */
export function documentOf(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

/** The one script that a page may start by its address: the service worker. */
export function workerAddress() {
  return policy ? policy.createScriptURL(WORKER) : WORKER;
}

/** The first element of a piece of HTML, or null. */
export function element(html) {
  return fragment(html).firstElementChild;
}

/** A copy of what the page's <template id> holds. */
export function clone(id) {
  return document.importNode(document.getElementById(id).content, true).firstElementChild;
}
