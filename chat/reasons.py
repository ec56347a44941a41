"""Why an answer ended as it did, in words for people.

*Called by*: chat.models.Reply, chat.replies. *Keeps true*: every code that ends a reply has a sentence that says
what happened and what was kept; a row keeps the code and figures, so that each reader gets it in their language.
"""

from typing import Any

import orjson
from django.utils import translation
from django.utils.translation import gettext_noop

from billing.refusals import SENTENCES as BILLING_SENTENCES
from gateway.errors import SENTENCES as CALL_SENTENCES
from workspace.errors import Refused

# Said while nothing is visible yet, and gone with the first word.
WAITING = {
    "provider_busy": gettext_noop("Model busy, trying again"),
    "unreachable": gettext_noop("Provider cannot be reached, trying again"),
}
WAITING_ELSE = gettext_noop("Trying again")

SENTENCES = {
    **CALL_SENTENCES,
    **BILLING_SENTENCES,
    "stopped": gettext_noop("Stopped. What had arrived is kept, and only that was paid for."),
    "interrupted": gettext_noop(
        "Interrupted: the server restarted while this was being written. What had arrived is kept."
    ),
    "waited": gettext_noop("This waited too long for a worker, and its credits were given back. Try it again."),
    "crashed": gettext_noop("Something went wrong on this server. What had arrived is kept; the operator was told."),
    "length": gettext_noop("Cut at the longest answer allowed."),
    "credits": gettext_noop("Cut where the credits ran out."),
    "cap": gettext_noop("Cut: the answer grew past the size that fits here."),
    "filter": gettext_noop("The provider's content filter ended the answer."),
    "no_access": gettext_noop("The person who asked is no longer here, so nothing was asked."),
    "question_gone": gettext_noop("The question was deleted before it could be asked, so nothing was asked."),
    "no_credits": gettext_noop("The organization's credits are used up."),
}


def detail(refusal: Refused) -> str:
    """What a row keeps of a refusal: its key and figures, or else its English sentence."""
    if refusal.figures:
        return orjson.dumps({"key": refusal.key, **refusal.figures}).decode()
    return refusal.message[:300]


def words(reason: str, kept: str) -> tuple[str, dict[str, Any]]:
    """The English sentence of an ending, and what fills it: `kept` is what `detail` made."""
    if kept.startswith("{"):
        figures = orjson.loads(kept)
        return SENTENCES[figures.pop("key")], figures
    return kept or SENTENCES.get(reason, ""), {}


def scope(kept: str) -> str:
    """Whose limit it was that a kept refusal of a cap tells of."""
    return orjson.loads(kept)["key"].partition(".")[2] if kept.startswith("{") else ""


def in_english() -> translation.override:
    """A refusal that will be kept is worded in English, which is what the catalogs are keyed by."""
    return translation.override("en")
