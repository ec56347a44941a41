"""Why an answer ended as it did, in words for people.

*Called by*: chat.models.Reply, chat.replies. *Keeps true*: every code that ends a reply has a sentence that says
what happened and what was kept.
"""

from gateway.errors import SENTENCES as CALL_SENTENCES

# Said while nothing is visible yet, and gone with the first word.
WAITING = {
    "provider_busy": "Model busy, trying again",
    "unreachable": "Provider cannot be reached, trying again",
}
WAITING_ELSE = "Trying again"

SENTENCES = {
    **CALL_SENTENCES,
    "stopped": "Stopped. What had arrived is kept, and only that was paid for.",
    "interrupted": "Interrupted: the server restarted while this was being written. What had arrived is kept.",
    "waited": "This waited too long for a worker, and its credits were given back. Try it again.",
    "crashed": "Something went wrong on this server. What had arrived is kept; the operator was told.",
    "length": "Cut at the longest answer allowed.",
    "credits": "Cut where the credits ran out.",
    "cap": "Cut: the answer grew past the size that fits here.",
    "filter": "The provider's content filter ended the answer.",
    "no_access": "The person who asked is no longer here, so nothing was asked.",
    "no_credits": "The organization's credits are used up.",
}
