// Gathers writes to the page and does them together before the next paint.
// Called by: reply-text. Why: ten answers at ten updates a second are ten layouts a second, not a hundred.

const waiting = new Set();
let booked = false;

/** Runs `write` once before the next paint; asking again before then changes nothing. */
export function paint(write) {
  waiting.add(write);
  if (booked) return;
  booked = true;
  if (document.visibilityState === "hidden") setTimeout(flush, 100);
  else requestAnimationFrame(flush);
}

function flush() {
  booked = false;
  const writes = [...waiting];
  waiting.clear();
  for (const write of writes) write();
}

// A page that is hidden after booking would wait for a frame that never comes.
document.addEventListener("visibilitychange", () => {
  if (booked && document.visibilityState === "hidden") flush();
});
