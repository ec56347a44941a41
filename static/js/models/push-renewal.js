// A browser whose person wanted to be told goes on being told after they had to sign in again.
// Called by: page.js, on every page; it loads more only where a sign-in is new.
// Keeps true: whoever signed out, removed this device, or is somebody else, is not subscribed without asking for it.
import { read } from "parley/lib/store";

export async function renewPush() {
  const { person, signIn } = document.body.dataset;
  const [whose, when] = (read("push") ?? "").split(" ");
  if (!person || whose !== person || when === signIn) return;
  const { renew } = await import("parley/models/push");
  try {
    await renew();
  } catch {
    // the next page tries again
  }
}
