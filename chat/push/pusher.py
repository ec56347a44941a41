"""The loop of a worker that posts letters to push services, and what becomes of each.

*Called by*: chat.engine, chat.tasks. *Keeps true*: no push service, however slow, holds up an answer of a model; what a
service does not take now is tried again a bounded number of times; a browser that is gone is forgotten.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db.models import F
from django.db.models.functions import Now

from chat.models import Push, PushSubscription
from chat.push import telling
from chat.push.telling import Due
from gateway import outbound
from gateway.outbound import Blocked, Receipt

AT_ONCE = 32
SECONDS = 10.0
# Even where each takes its whole time, the last one begins within its lease.
WAITING_MAX = 150
# After the first try, and each one after it; then it is given up.
PAUSES_SECONDS = (10, 60, 300, 1800)
PAUSE_MAX_SECONDS = 3600
# So many letters in a row that a service did not take for good: it is not to be asked any more.
FAILURES_MAX = 5
_log = structlog.get_logger(__name__)
_lock = threading.Lock()
_pusher: "Pusher | None" = None


class Pusher:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.waiting = 0
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="pushes")
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._http: outbound.Client | None = None
        threading.Thread(target=self.loop.run_forever, name="pushes", daemon=True).start()

    def submit(self, due: Due) -> None:
        self.waiting += 1
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._post(due)))

    async def _post(self, due: Due) -> None:
        if self._http is None:
            self._http = outbound.client(guarded=True, max_connections=2 * AT_ONCE)
        try:
            async with self._at_once:
                held = await self.loop.run_in_executor(self._pool, _in_database, telling.hold, due)
                if held is None:
                    return
                receipt = await post(held, self._http)
            await self.loop.run_in_executor(self._pool, _in_database, settle, held, receipt)
        except (OperationalError, InterfaceError) as error:
            _log.warning("push.postponed", push=str(due.push_id), error=type(error).__name__)  # its lease runs out
        except Exception:
            _log.exception("push.crashed", push=str(due.push_id))
        finally:
            self.waiting -= 1


def go() -> None:
    """Hand new notices to devices, and post what is due."""
    global _pusher
    while telling.spread() == telling.SPREAD:
        pass
    with _lock:
        _pusher = _pusher or Pusher()
    while (room := WAITING_MAX - _pusher.waiting) > 0:
        most = min(room, telling.BATCH)
        taken = telling.due(most=most)
        for due in taken:
            _pusher.submit(due)
        if not taken:
            return


async def post(due: Due, http: outbound.Client) -> Receipt | None:
    """What the push service said; None where it was not reached."""
    letter = due.letter
    if not outbound.is_listed(letter.endpoint, settings.PUSH_PLACES):
        return Receipt(403, "")  # the operator has struck that service off the list
    try:
        return await outbound.send(
            letter.endpoint,
            body=letter.body,
            headers=letter.headers,
            places=settings.PUSH_PLACES,
            timeout_seconds=SECONDS,
            http=http,
        )
    except (Blocked, TimeoutError, *outbound.FAILURES) as error:
        # A name that cannot be resolved is Blocked, too: that may pass.
        _log.info("push.not_reached", push=str(due.push_id), error=type(error).__name__)
        return None


def settle(due: Due, receipt: Receipt | None) -> None:
    """Note what became of a letter (RFC 8030, section 5): of the address that it came from, no other."""
    device = PushSubscription.objects.filter(pk=due.subscription_id, endpoint=due.letter.endpoint)
    status = receipt.status if receipt else 0
    if 200 <= status < 300:
        Push.objects.filter(pk=due.push_id).delete()
        device.update(used_at=Now(), failures=0)
    elif not device.exists():
        _log.info("push.moved", device=str(due.subscription_id))  # its lease runs out; then the new address is told
    elif status in (404, 410):
        device.delete()
        _log.info("push.gone", device=str(due.subscription_id))
    elif status == 429 or status >= 500 or not status:
        _again(due, receipt)
    else:
        Push.objects.filter(pk=due.push_id).delete()
        device.update(failures=F("failures") + 1)
        device.filter(failures__gte=FAILURES_MAX).delete()
        _log.warning("push.refused", device=str(due.subscription_id), status=status)


def _again(due: Due, receipt: Receipt | None) -> None:
    row = Push.objects.filter(pk=due.push_id, due_at=due.until)
    if due.attempts >= len(PAUSES_SECONDS):
        row.delete()
        _log.warning("push.given_up", push=str(due.push_id))
        return
    asked = _seconds(receipt.retry_after) if receipt else 0.0
    pause = min(max(PAUSES_SECONDS[due.attempts], asked), PAUSE_MAX_SECONDS)
    row.update(attempts=due.attempts + 1, due_at=Now() + timedelta(seconds=pause))


def _seconds(retry_after: str) -> float:
    """How long a Retry-After header asks one to wait; 0 for what says nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _in_database(act: Callable[..., Any], *args: Any) -> Any:
    """With a connection that is given back at once."""
    close_old_connections()
    try:
        return act(*args)
    finally:
        connections.close_all()
