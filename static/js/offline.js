// Tries again by itself when the device is connected again, or the server is back.
// Called by: templates/offline.html, as a plain script: the page has nothing but what was kept beside it.
{
  const EVERY_MS = 10_000;
  const ask = async () => {
    const answer = await fetch("/livez", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) location.reload();
  };
  addEventListener("online", ask);
  setInterval(ask, EVERY_MS);
}
