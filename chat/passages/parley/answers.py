"""The rows behind models' answers of an export: what they were, and over.

*Called by*: chat.passages.parley.carrier. *Keeps true*: an imported answer has ended, is asked of nobody and billed to
nobody; its figures are what the export says, as information.
"""

import uuid
from collections.abc import Callable
from typing import Any

from catalog.models import AIModel
from chat.models import Reply, ReplyState
from chat.passages.arrivals import Arrival
from chat.passages.parley.crowd import Crowd
from chat.passages.values import count, inside, line, moment, text
from chat.reasons import SENTENCES

COST_MAX = 10**15
_ENDED = {ReplyState.FINISHED, ReplyState.STOPPED, ReplyState.FAILED, ReplyState.REFUSED}


def reply(
    row: dict[str, Any], arrival: Arrival, ai_model: AIModel, id_of: Callable[[Any], uuid.UUID], crowd: Crowd
) -> Reply | None:
    """The row, without its Space and message; None for one that does not say who asked what."""
    facts = inside(row.get("reply"))
    asker = crowd.of(text(facts.get("asked_by")))
    if asker is None or not text(facts.get("question")):
        return None
    state = text(facts.get("state"))
    state = state if state in _ENDED else ReplyState.STOPPED
    said = text(facts.get("reason"))
    reason = said if said in SENTENCES else ""
    cost = facts.get("cost_ucr")
    found = Reply(
        id=_reply_id(arrival.id),
        question_id=id_of(facts["question"]),
        asked_by=asker,
        ai_model=ai_model,
        state=state,
        reason=reason if reason or state == ReplyState.FINISHED else "interrupted",
        created_at=moment(facts.get("created_at")) or arrival.created_at,
        started_at=moment(facts.get("started_at")),
        ended_at=moment(facts.get("ended_at")) or arrival.created_at,
        provider_name=line(facts.get("provider"), 120),
        prompt_tokens=count(facts.get("prompt_tokens")),
        completion_tokens=count(facts.get("completion_tokens")),
        cost_ucr=cost if type(cost) is int and 0 <= cost <= COST_MAX else None,
        is_estimated=facts.get("is_estimated") is True,
        is_stale=facts.get("is_stale") is True,
    )
    found.retry_of_id = _reply_id(id_of(facts["retry_of"])) if text(facts.get("retry_of")) else None
    return found


def known(replies: list[Reply]) -> set[uuid.UUID]:
    """Those among the answers that these retry which are here, or come along, and which nothing retries yet."""
    wanted = {each.retry_of_id for each in replies if each.retry_of_id}
    retried = set(Reply.objects.filter(retry_of__in=wanted).values_list("retry_of_id", flat=True))
    here = set(Reply.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    return (here | {each.pk for each in replies}) - retried


def link(found: Reply, free: set[uuid.UUID]) -> None:
    """Say what the answer retries, if that is free; each is retried once."""
    if found.retry_of_id in free and found.retry_of_id != found.pk:
        free.discard(found.retry_of_id)
    else:
        found.retry_of_id = None


def _reply_id(message_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(message_id, "reply")
