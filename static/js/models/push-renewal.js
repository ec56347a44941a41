// A browser whose person wanted to be told goes on being told after they had to sign in again.
// Called by: page.js, on every page; it loads more only where a sign-in is new.
// Keeps true: whoever signed out, or is somebody else, is not subscribed without asking for it.
import { read, write } from "parley/lib/store";

export async function renewPush() {
  const { person, signIn } = document.body.dataset;
  const [whose, when] = (read("push") ?? "").split(" ");
  if (!person || whose !== person || when === signIn) return;
  const { state, subscribe } = await import("parley/models/push");
  try {
    if (["off", "on"].includes(await state()) && Notification.permission === "granted") await subscribe();
    else write("push", "");
  } catch {
    // the next page tries again
  }
}
