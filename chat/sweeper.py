"""Finding what was left behind or has come due: answers, pages to be asked, reminders.

*Called by*: chat.engine of every worker process, each few seconds. *Keeps true*: no answer is for ever "answering":
whatever dies, it ends within a lease and a sweep; safe to run in many processes at once.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now

from chat import reminders, replies
from chat.commands import obeying
from chat.links import reader, reading
from chat.models import Reply, ReplyState

QUEUED_SECONDS = 5
BATCH = 100
_log = structlog.get_logger(__name__)


def sweep(*, besides: Collection[uuid.UUID] = (), ends_overdue: bool = True) -> list[uuid.UUID]:
    """End answers whose lease ran out; return queued ones whose wake-up call seems lost.

    `besides` are the caller's own: it knows that they live. `ends_overdue=False` after the database was away, when
    every lease has run out and nobody could renew one.
    """
    if ends_overdue:
        overdue = Reply.objects.filter(state=ReplyState.STREAMING, leased_until__lt=Now()).exclude(pk__in=besides)
        for reply_id in list(overdue.values_list("id", flat=True)[:BATCH]):
            _end(reply_id)
    before = Now() - timedelta(seconds=QUEUED_SECONDS)
    forgotten = Reply.objects.filter(state=ReplyState.QUEUED, created_at__lt=before)
    waiting = list(forgotten.order_by("created_at").values_list("id", flat=True)[:BATCH])
    replies.keep_held(waiting)
    return waiting


def read_forgotten_links() -> None:
    """Ask the pages whose wake-up call was lost, or whose worker died."""
    for link_id in reading.forgotten():
        reader.submit(link_id)


def keep_reminders() -> None:
    while reminders.keep_due() == reminders.BATCH:
        pass


def forget_commands() -> None:
    obeying.forget_old()


def _end(reply_id: uuid.UUID) -> None:
    """One that cannot be ended must not keep the others from it."""
    try:
        replies.end_lost(reply_id)
    except (OperationalError, InterfaceError) as error:
        _log.warning("sweep.postponed", reply=str(reply_id), error=type(error).__name__)
    except Exception:
        _log.exception("sweep.failed", reply=str(reply_id))
