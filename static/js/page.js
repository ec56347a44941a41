// What every page brings to life, and the one live connection of a signed-in page.
// Called by: templates/base.html.
import "parley/elements/connection-banner";
import "parley/elements/copy-button";
import "parley/elements/credit-balance";
import "parley/elements/local-time";
import "parley/elements/nav-drawer";
import "parley/elements/space-links";
import "parley/elements/theme-switch";
import { connection } from "parley/models/connection";

const { org } = document.body.dataset;
if (org) connection.open(org);
