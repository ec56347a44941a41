"""Celery's part in the chat: a wake-up call.

*Called by*: chat.replies on commit. *Keeps true*: the row is the job; a lost or doubled call changes nothing.
"""

import time
import uuid
from collections.abc import Iterable

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

QUIET_SECONDS = 2.0
_log = structlog.get_logger(__name__)
_quiet_until = 0.0


@shared_task(name="chat.answer", ignore_result=True)
def answer(reply_id: str) -> None:
    """Hand the answer to this worker's loop and be done."""
    from chat import engine

    engine.submit(uuid.UUID(reply_id))


def wake(reply_ids: Iterable[uuid.UUID]) -> None:
    """Call a worker for each. When the broker is away the sweeper finds them, and for a while nobody tries."""
    global _quiet_until
    for reply_id in reply_ids:
        if time.monotonic() < _quiet_until:
            return
        try:
            answer.apply_async([str(reply_id)], retry=False)
        except OperationalError as error:
            _quiet_until = time.monotonic() + QUIET_SECONDS
            _log.warning("wake.lost", reply=str(reply_id), error=type(error).__name__)
