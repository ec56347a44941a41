// Opens a picture large when it is pressed, and fetches what that takes only then.
// Called by: page.js. Keeps true: with Ctrl, Cmd or the middle button the link is a link.

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-picture]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if ("waiting" in link.dataset) return;
  event.preventDefault();
  const { view } = await import("parley/elements/picture-viewer");
  view(link);
});
