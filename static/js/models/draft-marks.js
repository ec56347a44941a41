// The pencil beside a Space in the sidebar, as drafts come and go on one's devices. Called by: page.js.
import { connection } from "parley/models/connection";

export function markDrafts() {
  connection.on("draft.changed", ({ space, parent, text }) => {
    if (parent) return;
    for (const mark of document.querySelectorAll(`[data-draft-of="${CSS.escape(space)}"]`)) mark.hidden = !text;
  });
}
