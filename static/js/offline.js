// Tries again when the device is connected again.
// Called by: templates/offline.html, as a plain script: the page has nothing but what was kept beside it.
addEventListener("online", () => location.reload());
