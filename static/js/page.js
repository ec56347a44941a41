// What every page brings to life, and the one live connection of a signed-in page.
// Called by: templates/base.html. The shortcuts come first: they hear a key before anything else does.
import { shortcut } from "parley/models/shortcuts";
import "parley/elements/connection-banner";
import "parley/elements/copy-button";
import "parley/elements/credit-balance";
import "parley/elements/limit-news";
import "parley/elements/live-part";
import "parley/elements/install-entry";
import "parley/elements/local-time";
import "parley/elements/nav-drawer";
import "parley/elements/notice-bell";
import "parley/elements/toast-stack";
import "parley/elements/search-box";
import "parley/elements/presence-mark";
import "parley/elements/side-panel";
import "parley/elements/space-links";
import "parley/elements/theme-switch";
import { clone } from "parley/lib/html";
import { post } from "parley/lib/http";
import { gettext } from "parley/lib/words";
import { attendance } from "parley/models/attendance";
import "parley/models/viewer-door";
import { connection } from "parley/models/connection";
import { markDrafts } from "parley/models/draft-marks";
import { installing } from "parley/models/installing";
import { bring } from "parley/models/parts";
import { people } from "parley/models/people";
import { renewPush } from "parley/models/push-renewal";
import { markTab } from "parley/models/tab-marks";
import { unread } from "parley/models/unread";
import { markUnread } from "parley/models/unread-marks";
import { visits } from "parley/models/visits";
import { worker } from "parley/models/worker";

const { org, browserZone } = document.body.dataset;
installing.start();
worker.start();
if (org) {
  people.start(org);
  attendance.start();
  markDrafts();
  markUnread();
  markTab();
  unread.start(org);
  connection.open(org);
  visits.start();
  renewPush();
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone && timeZone !== browserZone) post("/profile/browser/", { zone: timeZone }).catch(() => {}); // the next page says it
}

if (document.getElementById("shortcut-sheet")) {
  shortcut("?", { label: gettext("This list of shortcuts"), run: openSheet, anywhere: true });
  document.addEventListener("click", ({ target }) => target.closest("[data-shortcuts-sheet]") && openSheet());
}

if (document.getElementById("quick-switcher")) {
  shortcut("mod+k", { label: gettext("Go to a Space or a person"), run: openSwitcher });
  document.addEventListener("click", ({ target }) => target.closest("[data-quick-switcher]") && openSwitcher());
}

async function openSwitcher() {
  if (!(await bring("parley/elements/quick-switcher")) || document.querySelector("quick-switcher")) return;
  document.getElementById("sidebar")?.matches(":popover-open") && document.getElementById("sidebar").hidePopover();
  document.body.append(clone("quick-switcher"));
}

async function openSheet() {
  if (!(await bring("parley/elements/shortcut-sheet")) || document.querySelector("shortcut-sheet")) return;
  document.body.append(clone("shortcut-sheet"));
}
