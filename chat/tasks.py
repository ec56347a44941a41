"""Celery's part in the chat: a wake-up call.

*Called by*: chat.replies, chat.links, chat.files and chat.push on commit, and the calendar. *Keeps true*: the row is
the job; a lost or doubled call changes nothing.
"""

import time
import uuid
from collections.abc import Iterable
from typing import Any

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


@shared_task(name="chat.read_link", ignore_result=True)
def read_link(link_id: str) -> None:
    """Hand the link to this worker's reader and be done."""
    from chat.links import reader

    reader.submit(uuid.UUID(link_id))


@shared_task(name="chat.prepare_file", ignore_result=True)
def prepare_file(file_id: str) -> None:
    """Hand the file to this process's workshop and be done."""
    from chat.files import workshop

    workshop.submit(uuid.UUID(file_id))


@shared_task(ignore_result=True)
def prepare_waiting_files() -> None:
    """Now and then: those whose wake-up call was lost, or whose process died."""
    from chat.files import workshop

    for file_id in workshop.forgotten():
        workshop.submit(file_id)


@shared_task(ignore_result=True)
def let_go_of_files() -> None:
    """Every hour: uploads that were never sent, what only deleted messages showed, pictures of links likewise."""
    from chat.files import sweeping
    from chat.links import pictures

    sweeping.sweep()
    pictures.sweep()


@shared_task(name="chat.carry_passage", ignore_result=True)
def carry_passage(passage_id: str) -> None:
    """Hand the import or export to this process's carrier and be done."""
    from chat.passages import runner

    runner.submit(uuid.UUID(passage_id))


@shared_task(ignore_result=True)
def carry_waiting_passages() -> None:
    """Now and then: those whose wake-up call was lost, or whose process died; archives whose time is over; and what was
    brought under an address that somebody has confirmed since."""
    from chat.passages import claims, runner, running

    for passage_id in running.forgotten():
        runner.submit(passage_id)
    running.let_go()
    claims.take_all()


@shared_task(name="chat.push", ignore_result=True)
def push(push_id: str) -> None:
    """Have this process post what is due, that one too."""
    from chat.push import pusher

    pusher.go()


@shared_task(ignore_result=True)
def mail_digests() -> None:
    """Each minute: whoever has not read something for long enough gets a mail about it."""
    from chat.notices import digest

    digest.send_due()


@shared_task(ignore_result=True)
def tell_limits() -> None:
    """Each minute: alerts, requests for more and their answers are shown and mailed."""
    from chat import limits

    limits.tell_alerts()


def wake(reply_ids: Iterable[uuid.UUID]) -> None:
    """Call a worker for each. When the broker is away the sweeper finds them, and for a while nobody tries."""
    _call(answer, reply_ids)


def wake_reader(link_ids: Iterable[uuid.UUID]) -> None:
    _call(read_link, link_ids)


def wake_workshop(file_ids: Iterable[uuid.UUID]) -> None:
    _call(prepare_file, file_ids)


def wake_carrier(passage_ids: Iterable[uuid.UUID]) -> None:
    _call(carry_passage, passage_ids)


def wake_pusher(push_ids: Iterable[uuid.UUID]) -> None:
    _call(push, push_ids)


def _call(task: Any, ids: Iterable[uuid.UUID]) -> None:
    global _quiet_until
    for each in ids:
        if time.monotonic() < _quiet_until:
            return
        try:
            task.apply_async([str(each)], retry=False)
        except OperationalError as error:
            _quiet_until = time.monotonic() + QUIET_SECONDS
            _log.warning("wake.lost", task=task.name, id=str(each), error=type(error).__name__)
