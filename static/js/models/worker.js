// The service worker of this site: registered, listened to, and told when somebody signs out.
// Called by: page.js starts it; models/push.js asks it for the browser's subscription.
// Keeps true: what a notification leads to is shown in the open page, as a link would; after a sign-out nothing of the
//   person stays on this device: no notification, no figure on the icon, no subscription.
import { workerAddress } from "parley/lib/html";
import { write } from "parley/lib/store";
import { connection } from "parley/models/connection";
import { visits } from "parley/models/visits";

const WAY_OUT = "/accounts/logout/";
const container = globalThis.navigator.serviceWorker;

class Worker {
  start() {
    if (!container) return;
    document.addEventListener("submit", ({ target }) => target.getAttribute("action") === WAY_OUT && this.#signOut());
    if (!document.body.dataset.org) return;
    container.addEventListener("message", this.#told);
    container.startMessages();
    document.addEventListener("space.seen", ({ detail }) => this.#clear(detail.space));
    connection.on("space.read", ({ space }) => this.#clear(space));
    if (document.readyState === "complete") this.#register();
    else addEventListener("load", () => this.#register(), { once: true });
  }

  /** The worker's registration, once it can be pushed to. Throws where there is none to be had; may never settle. */
  async ready() {
    await container.register(workerAddress(), { scope: "/" });
    return container.ready;
  }

  async #register() {
    try {
      await container.register(workerAddress(), { scope: "/" });
    } catch (error) {
      console.info("No service worker:", error.message); // switched off in this browser: Parley goes without
    }
  }

  #told = ({ data, ports }) => {
    if (data?.type !== "go") return;
    ports[0]?.postMessage(true);
    visits.visit(data.url);
  };

  /** What was read here, or on another device, need not be announced any longer. */
  async #clear(space) {
    if (globalThis.Notification?.permission !== "granted") return;
    const known = await container.getRegistration("/");
    for (const each of (await known?.getNotifications({ tag: `space:${space}` })) ?? []) each.close();
  }

  /** While the form is on its way: the server ends its part by itself. */
  async #signOut() {
    write("push", "");
    navigator.clearAppBadge?.().catch(() => {});
    const known = await container.getRegistration("/");
    for (const each of (await known?.getNotifications()) ?? []) each.close();
    const subscription = await known?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
  }
}

export const worker = new Worker();
