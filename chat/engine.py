"""The worker's engine: one asyncio loop that writes hundreds of answers side by side.

*Called by*: chat.tasks, config.celery. *Keeps true*: every answer that this process claims ends here, or loses its
fence; no thread and no process waits for a provider.
*Why*: a Celery process or thread per answer stalls past a hundred of them; a loop does not.
"""

import asyncio
import gc
import math
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import orjson
import redis
import structlog
import uvloop
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from chat import broadcast, replies, sweeper
from chat.live import Answer, Wire
from chat.push import pusher
from chat.reasons import WAITING, WAITING_ELSE
from gateway.errors import CallFailed
from gateway.wire import Delta, Finished, Request, Waiting

CHECKPOINT_SECONDS = 1.0
SWEEP_SECONDS = 5.0
PUSH_SECONDS = 2.0
HEARTBEAT_SECONDS = 5.0
SAVE_SECONDS = 120.0
DRAIN_SECONDS = 5.0
# Few, because each takes turns at the interpreter with the loop: when hundreds begin or end at once, those that stream
# come first. Leases are renewed by threads of their own, whatever the others wait for.
ANSWER_THREADS = 8
CLAIMS_AT_ONCE = 4
CHORE_THREADS = 3
WORKER_KEY = "parley:worker"
_log = structlog.get_logger(__name__)
_engine: "Engine | None" = None
Result = TypeVar("Result")


class Engine:
    """Answers in the making, and the chores around them."""

    def __init__(self) -> None:
        self.answers: dict[uuid.UUID, Answer] = {}
        self.wire = Wire()
        self._claiming: set[uuid.UUID] = set()
        self._claims = asyncio.Semaphore(CLAIMS_AT_ONCE)
        self._pool = ThreadPoolExecutor(ANSWER_THREADS, thread_name_prefix="answers")
        self._chore_pool = ThreadPoolExecutor(CHORE_THREADS, thread_name_prefix="chores")
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_draining = False
        self._away_at = -math.inf

    async def run(self) -> None:
        chores = (self.wire.run, self._checkpoints, self._sweeps, self._pushes, self._listen, self._heartbeats)
        await asyncio.gather(*(self._for_ever(chore) for chore in chores))

    def submit(self, reply_id: uuid.UUID) -> None:
        """Begin an answer, once. Safe to call twice, and from the loop only."""
        if self._is_draining or reply_id in self.answers or reply_id in self._claiming:
            return
        self._claiming.add(reply_id)
        task = asyncio.create_task(self._answer(reply_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, grace_seconds: float) -> None:
        """Let answers finish for a while, then end the rest as interrupted, with their text kept."""
        self._is_draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for answer in self.answers.values():
            if answer.task:
                answer.task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)

    async def db(self, verb: Callable[..., Result], *args: Any, **options: Any) -> Result:
        """Run a verb of the database in a thread, with a connection that is given back at once."""
        return await self._in_thread(self._pool, partial(verb, *args, **options))

    async def _in_thread(self, pool: ThreadPoolExecutor, verb: Callable[[], Result]) -> Result:
        def call() -> Result:
            close_old_connections()
            try:
                return verb()
            except (OperationalError, InterfaceError):
                self._away_at = time.monotonic()
                raise
            finally:
                connections.close_all()

        return await asyncio.get_running_loop().run_in_executor(pool, call)

    async def _answer(self, reply_id: uuid.UUID) -> None:
        try:
            async with self._claims:
                begun = time.monotonic()
                job = await self.db(replies.claim, reply_id)
        except (OperationalError, InterfaceError) as error:
            _log.warning("claim.failed", reply=str(reply_id), error=type(error).__name__)  # a sweep finds it again
            return
        except Exception:
            _log.exception("claim.crashed", reply=str(reply_id))
            await self.db(replies.give_up, reply_id)
            return
        finally:
            self._claiming.discard(reply_id)
        if job is None:
            return
        answer = self.answers[reply_id] = Answer(job, asyncio.current_task())
        answer.own(since=begun)
        try:
            ending = await self._write(answer)
            # From here on nobody may cancel: the end is being saved.
            answer.task = None
            if not answer.is_lost:
                await self._save_end(answer, ending)
        finally:
            self.answers.pop(reply_id, None)
            self.wire.forget(job)

    async def _write(self, answer: Answer) -> replies.Ending:
        """Read the provider's stream to its end, whatever that end is."""
        request = answer.job.request
        for shorten in (1, 2, 4, 8):
            try:
                if shorten > 1:
                    request = await self.db(replies.shorter, answer.job, by=shorten)
                return await self._read(answer, request)
            except replies.QuestionGone:
                return replies.Ending("failed", "question_gone")
            except CallFailed as failure:
                if failure.code != "context_too_long" or answer.text_parts or shorten == 8:
                    return replies.Ending("failed", failure.code)
            except asyncio.CancelledError:
                if task := asyncio.current_task():
                    task.uncancel()
                return replies.Ending("stopped", "stopped") if answer.is_stopping else _interrupted()
            except Exception:
                _log.exception("answer.crashed", reply=str(answer.job.reply_id))
                return replies.Ending("failed", "crashed")
        return replies.Ending("failed", "context_too_long")

    async def _read(self, answer: Answer, request: Request) -> replies.Ending:
        note = self.wire.note
        ending = replies.Ending("finished")
        events = answer.job.metered.stream(request)
        try:
            async for event in events:
                if isinstance(event, Delta):
                    answer.take(event.text)
                    note(answer)
                elif isinstance(event, Waiting):
                    await self.wire.say(answer.job, WAITING.get(event.reason, WAITING_ELSE))
                elif isinstance(event, Finished):
                    ending = replies.Ending("finished", _reason(event.reason, answer))
        finally:
            await events.aclose()
        return ending

    async def _save_end(self, answer: Answer, ending: replies.Ending) -> None:
        """Save the end. While PostgreSQL is away the text waits here: it is worth more than this loop's patience."""
        await self.wire.flush([answer])
        waited, pause = 0.0, 0.2
        while True:
            try:
                await self.db(replies.end, answer.job, text=answer.text, ending=ending)
                return
            except replies.LostFence:
                _log.warning("answer.fence_lost", reply=str(answer.job.reply_id))
                return
            except (OperationalError, InterfaceError):
                if waited > SAVE_SECONDS:
                    raise
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, 5.0)

    async def _checkpoints(self) -> None:
        await asyncio.sleep(CHECKPOINT_SECONDS)
        rows = []
        for reply_id, answer in self.answers.items():
            rows.append((reply_id, answer.job.fence, answer.text if answer.is_dirty else ""))
            answer.is_dirty = False
        asked, begun = {row[0] for row in rows}, time.monotonic()
        try:
            owned, stopping = await self._in_thread(self._chore_pool, partial(replies.checkpoint, rows))
        except (OperationalError, InterfaceError):
            for reply_id in asked & set(self.answers):
                self.answers[reply_id].is_dirty = True
            raise
        for reply_id in owned & set(self.answers):
            self.answers[reply_id].own(since=begun)
        for reply_id in asked - owned:
            self._give_up(reply_id)
        for reply_id in stopping:
            self._stop(reply_id)

    async def _sweeps(self) -> None:
        was_away = time.monotonic() < self._away_at + settings.REPLY_LEASE_SECONDS
        sweep = partial(sweeper.sweep, besides=list(self.answers), ends_overdue=not was_away)
        for reply_id in await self._in_thread(self._chore_pool, sweep):
            self.submit(reply_id)
        await self._in_thread(self._chore_pool, sweeper.read_forgotten_links)
        await self._in_thread(self._chore_pool, sweeper.keep_reminders)
        await self._in_thread(self._chore_pool, sweeper.forget_commands)
        await asyncio.sleep(SWEEP_SECONDS)

    async def _pushes(self) -> None:
        await self._in_thread(self._chore_pool, pusher.go)
        await asyncio.sleep(PUSH_SECONDS)

    async def _listen(self) -> None:
        listener = await self.wire.subscribe(broadcast.WORKERS_TOPIC)
        try:
            async for message in listener.listen():
                frame = orjson.loads(message["data"])
                if frame["type"] == "stop":
                    self._stop(uuid.UUID(frame["reply"]))
        finally:
            await listener.aclose()

    async def _heartbeats(self) -> None:
        await self.wire.heartbeat(WORKER_KEY, ttl_seconds=int(HEARTBEAT_SECONDS * 4))
        await asyncio.sleep(HEARTBEAT_SECONDS)

    def _stop(self, reply_id: uuid.UUID) -> None:
        answer = self.answers.get(reply_id)
        if answer and answer.task and not answer.is_stopping:
            answer.is_stopping = True
            answer.task.cancel()

    def _give_up(self, reply_id: uuid.UUID) -> None:
        answer = self.answers.get(reply_id)
        if answer and answer.task and not answer.is_lost:
            answer.is_lost = True
            answer.task.cancel()

    async def _for_ever(self, chore: Callable[[], Any]) -> None:
        while True:
            try:
                await chore()
            except (redis.RedisError, OperationalError, InterfaceError, OSError) as error:
                _log.warning("chore.failed", chore=chore.__name__, error=type(error).__name__)
                await asyncio.sleep(1)
            except Exception:
                # One chore that stumbles must not end the loop, and with it every answer of this process.
                _log.exception("chore.crashed", chore=chore.__name__)
                await asyncio.sleep(1)


def start() -> None:
    """Start the loop in a thread of this process; once."""
    global _engine, _loop
    if _engine is not None:
        return
    ready = threading.Event()
    # What was imported stays: a full collection that looks through it would stop every answer for a tenth of a second.
    gc.collect()
    gc.freeze()

    def run() -> None:
        global _engine, _loop

        async def main() -> None:
            global _engine, _loop
            _loop, _engine = asyncio.get_running_loop(), Engine()
            ready.set()
            await _engine.run()

        uvloop.run(main())

    threading.Thread(target=run, name="engine", daemon=True).start()
    ready.wait()


def submit(reply_id: uuid.UUID) -> None:
    """Hand an answer to the loop, from any thread."""
    start()
    if _loop and _engine:
        _loop.call_soon_threadsafe(_engine.submit, reply_id)


def drain() -> None:
    """End what is being written, before the process goes."""
    if _loop and _engine:
        asyncio.run_coroutine_threadsafe(_engine.drain(settings.WORKER_GRACE_SECONDS), _loop).result()


def _interrupted() -> replies.Ending:
    return replies.Ending("failed", "interrupted")


def _reason(finish: str, answer: Answer) -> str:
    """The code for a finish that is not the model's own."""
    if finish == "length":
        return "credits" if answer.job.is_lowered else "length"
    return "" if finish == "stop" else finish


_loop: asyncio.AbstractEventLoop | None = None
