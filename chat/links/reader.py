"""The loop of a worker that asks pages what they say of themselves.

*Called by*: chat.tasks, chat.sweeper. *Keeps true*: no page, however slow, holds up an answer of a model: neither a
thread of Celery nor the engine's loop waits for it; few are asked at once.
"""

import asyncio
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from chat.links import pictures, reading
from chat.links.pictures import Card
from gateway import outbound

AT_ONCE = 8
_log = structlog.get_logger(__name__)
_lock = threading.Lock()
_reader: "Reader | None" = None


class Reader:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="links")
        self._makers = ThreadPoolExecutor(2, thread_name_prefix="link-pictures")
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._asked: set[uuid.UUID] = set()
        self._http: outbound.Client | None = None
        threading.Thread(target=self.loop.run_forever, name="links", daemon=True).start()

    def submit(self, link_id: uuid.UUID) -> None:
        self.loop.call_soon_threadsafe(self._begin, link_id)

    def _begin(self, link_id: uuid.UUID) -> None:
        if link_id not in self._asked:
            self._asked.add(link_id)
            self.loop.create_task(self._read(link_id)).add_done_callback(lambda _: self._asked.discard(link_id))

    async def _read(self, link_id: uuid.UUID) -> None:
        if self._http is None:
            self._http = outbound.client(guarded=True, max_connections=2 * AT_ONCE)
        try:
            async with self._at_once:
                if url := await self._db(reading.claim, link_id):
                    facts = await reading.ask(url, self._http)
                    card = await self._card(facts.image_url) if facts else None
                    await self._db(reading.keep, link_id, facts, card)
        except (OperationalError, InterfaceError) as error:
            _log.warning("link.postponed", link=str(link_id), error=type(error).__name__)  # a sweep finds it again
        except Exception:
            _log.exception("link.crashed", link=str(link_id))
            await self._db(reading.keep, link_id, None)

    async def _card(self, url: str) -> Card | None:
        """Made in threads of their own: each waits for a process, and what is written must not wait for that."""
        assert self._http
        body = await pictures.ask(url, self._http) if url else None
        return await self.loop.run_in_executor(self._makers, pictures.make, body) if body else None

    async def _db(self, verb: Any, *args: Any) -> Any:
        """Run a verb of the database in a thread, with a connection that is given back at once."""

        def call() -> Any:
            close_old_connections()
            try:
                return verb(*args)
            finally:
                connections.close_all()

        return await self.loop.run_in_executor(self._pool, partial(call))


def submit(link_id: uuid.UUID) -> None:
    """Hand a link to this process's loop, which the first one starts."""
    global _reader
    with _lock:
        _reader = _reader or Reader()
    _reader.submit(link_id)
