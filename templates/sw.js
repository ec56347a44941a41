// The service worker: shows what is pushed while no page is open, opens it, and has a page for when the server is away.
// Called by: browsers, from /sw.js (chat.views.shell). Keeps true: no page made for a person is kept here, only the page
//   for no connection and what that page is made of.{% load static %}
const SHELF = "parley-offline-{{ version|escapejs }}";
const NAME = "Parley";
const OFFLINE = "/offline/";
const ICON = "{% static 'img/icon-192.png' %}";
const SIGN = "{% static 'img/sign-96.png' %}";
const PATIENCE_MS = 1500;
let kept = null; // the addresses on the shelf, while the server is away

addEventListener("install", (event) => event.waitUntil(stock().then(() => self.skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(begin()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(visit(event));
  else if (kept?.has(request.url)) event.respondWith(fetch(request).catch(() => caches.match(request)));
});
addEventListener("push", (event) => event.waitUntil(show(event.data)));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? "/"));
});
addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

/** Puts the page for no connection on the shelf, and what it shows. */
async function stock() {
  const shelf = await caches.open(SHELF);
  const page = await fetch(OFFLINE, { cache: "reload" });
  if (!page.ok) throw new Error(`${OFFLINE}: ${page.status}`); // what another says is no page to keep: the browser tries again
  const html = await page.clone().text();
  const parts = [...html.matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)].map(([, address]) => address);
  await Promise.all([shelf.put(OFFLINE, page), shelf.addAll([...new Set(parts)])]);
}

async function begin() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("parley-offline-") && name !== SHELF).map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function visit(event) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    kept = null;
    return answer;
  } catch (error) {
    const shelf = await caches.open(SHELF);
    kept = new Set((await shelf.keys()).map(({ url }) => url));
    return (await shelf.match(OFFLINE)) ?? Promise.reject(error);
  }
}

/** Browsers take the leave away from who is pushed to and shows nothing: what cannot be read is shown as a bare sign. */
async function show(data) {
  let told = {};
  try {
    told = data?.json() ?? {};
  } catch {
    // not ours, or not whole
  }
  const { title = NAME, body = "", url = "/", tag = "parley", lang = "", at, badge } = told;
  const shown = { body, tag, renotify: true, lang, icon: ICON, badge: SIGN, data: { url } };
  if (at) shown.timestamp = at;
  if (badge && navigator.setAppBadge) navigator.setAppBadge(badge).catch(() => {});
  await self.registration.showNotification(title, shown);
}

/** In the tab that was looked at last, if one of ours is open and takes it, else in a new one. */
async function open(url) {
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = tabs.find(({ focused }) => focused) ?? tabs.find(({ visibilityState }) => visibilityState === "visible") ?? tabs[0];
  if (!tab) return self.clients.openWindow(url);
  const front = await tab.focus().catch(() => tab);
  if (await takes(front, url)) return front;
  return front.navigate(url).catch(() => self.clients.openWindow(url));
}

/** Whether the page of that tab goes there by itself, and so keeps what is being written in it. */
function takes(tab, url) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done) => {
    port1.onmessage = () => done(true);
    setTimeout(() => done(false), PATIENCE_MS);
    tab.postMessage({ type: "go", url }, [port2]);
  });
}

/** The browser gave itself a new address: the server is told, as long as the person is signed in. Of an old one that the
    browser does not name, the server cannot know whether the person removed it meanwhile: nothing is said. */
async function renew({ oldSubscription: old, newSubscription }) {
  if (!old?.endpoint) return;
  const answer = await fetch("/push/", { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const { key, token } = await answer.json();
  const fresh = newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = fresh.toJSON();
  await post("/push/", { endpoint, ...keys, renews: old.endpoint }, token);
}

function post(url, fields, token) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  return fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) });
}
