// Whether this browser is told of what happens while no page is open: asked for, ended, renewed.
// Called by: elements/push-switch.js; models/push-renewal.js after a new sign-in.
// Keeps true: leave is asked only when a person has just said so; a browser that subscribed with another key of the
//   server subscribes anew, for that key's letters would not reach it.
import { get, post } from "parley/lib/http";
import { write } from "parley/lib/store";
import { worker } from "parley/models/worker";

const PATIENCE_MS = 20_000;

/** The browser knows notifications, and could not start the worker or ask its push service for an address. */
export class NoService extends Error {}

/** "insecure", "home-screen", "unsupported", "denied", "off" or "on", as far as the browser knows. */
export async function state() {
  if (!isSecureContext) return "insecure";
  const knows = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!knows) return isOnApplesPhone() ? "home-screen" : "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && (await current()) ? "on" : "off";
}

/** Asks for leave, subscribes, and tells the server; resolves to the state after it. Throws NoService, Refusal, Trouble. */
export async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return state();
  await subscribe();
  return "on";
}

export async function turnOff() {
  const subscription = await current();
  write("push", "");
  if (!subscription) return;
  await post("/push/forget/", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

/** For who wanted it under an earlier sign-in here. What they removed on another device meanwhile stays removed. */
export async function renew() {
  const subscription = await current();
  if ((await state()) !== "on") return write("push", "");
  try {
    return await subscribe({ renews: subscription.endpoint });
  } catch (error) {
    if (error.status !== 404) throw error;
    await subscription.unsubscribe();
    return write("push", "");
  }
}

/** Subscribes where one already has leave, and tells the server of it. */
async function subscribe(more = {}) {
  const { key } = await get("/push/");
  const registration = await asked(worker.ready());
  let subscription = await current();
  if (subscription && keyOf(subscription) !== key) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await asked(registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = subscription.toJSON();
  await post("/push/", { endpoint, p256dh: keys.p256dh, auth: keys.auth, ...more });
  const { person, signIn } = document.body.dataset;
  write("push", `${person} ${signIn}`);
}

/** What the browser says, if it answers at all: some never say that their service cannot be reached. */
async function asked(answer) {
  const patience = new Promise((_, refuse) => setTimeout(() => refuse(new Error("no answer")), PATIENCE_MS));
  try {
    return await Promise.race([answer, patience]);
  } catch (error) {
    throw new NoService(error.message);
  }
}

async function current() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

function keyOf({ options }) {
  const bytes = new Uint8Array(options.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Safari there knows notifications only of sites on the Home Screen. */
function isOnApplesPhone() {
  return /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
}
