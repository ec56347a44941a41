// Opens a picture large when it is pressed, and fetches what that takes only then.
// Called by: page.js. Keeps true: with Ctrl, Cmd or the middle button the link is a link.
import { bring } from "parley/models/parts";

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-picture]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if ("waiting" in link.dataset) return;
  event.preventDefault();
  const viewer = await bring("parley/elements/picture-viewer");
  if (viewer && !document.querySelector("picture-viewer")) viewer.view(link);
});
