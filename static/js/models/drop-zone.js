// A part of the page on which files may be dropped: it says so while they hover.
// Called by: file-tray. Keeps true: a file that is let go beside every zone does not make the browser leave the page.
import { clone } from "parley/lib/html";

let zones = 0;

/** Calls `take(files)` for what is dropped on `zone`, until `signal` aborts. */
export function dropZone(zone, take, signal) {
  let sign = null;
  const hide = () => {
    sign?.remove();
    sign = null;
  };
  const over = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    if (!sign) zone.append((sign = clone("drop-target")));
  };
  const leave = (event) => {
    if (!zone.contains(event.relatedTarget)) hide();
  };
  const drop = (event) => {
    hide();
    if (!hasFiles(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  };
  zone.addEventListener("dragenter", over, { signal });
  zone.addEventListener("dragover", over, { signal });
  zone.addEventListener("dragleave", leave, { signal });
  zone.addEventListener("drop", drop, { signal });
  if (zones++ === 0) for (const type of ["dragover", "drop"]) addEventListener(type, refuse);
  signal.addEventListener("abort", () => {
    hide();
    if (--zones === 0) for (const type of ["dragover", "drop"]) removeEventListener(type, refuse);
  });
}

function refuse(event) {
  if (!event.defaultPrevented && hasFiles(event)) {
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  }
}

function hasFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files");
}
