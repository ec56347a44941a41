"""One call: the route tried in order until somebody answers.

*Called by*: billing.metering, and nobody else, so that no call goes unmetered. *Keeps true*: another try is
made only while nothing is visible; every try leaves a Try; the connection upstream is closed on every way out.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings
from django.utils import timezone

from gateway.deadlines import Limits
from gateway.errors import CallFailed
from gateway.openai_dialect import OpenAIDialect
from gateway.wire import Delta, Event, Request, Route, Served, Try, Usage, Waiting

TRIES_PER_TARGET = 3
BACKOFF_SECONDS = (0.5, 2.0)
# An address that let us wait longer than this for a connection is not asked again.
SLOW_MS = 1000.0
_dialects: dict[int, OpenAIDialect] = {}


async def stream(request: Request, route: Route, tries: list[Try], *, after: int = 0) -> AsyncGenerator[Event, None]:
    """Yield Served, then Delta and Usage, then Finished. Raises CallFailed when nobody could answer whole.

    `tries` is filled as the call goes, so that the caller has it on every way out, a cancellation too; they are
    numbered from `after` + 1.
    """
    if not route.targets:
        raise CallFailed("no_route")
    begun = time.monotonic()
    give_up_at = begun + settings.FIRST_BYTE_SECONDS
    failure = CallFailed("unreachable")
    for target in route.targets:
        for turn in range(TRIES_PER_TARGET):
            note = Try(number=after + len(tries) + 1, target=target, started_at=timezone.now())
            tries.append(note)
            try:
                left = begun + settings.TOTAL_SECONDS - time.monotonic()
                async with aclosing(_attempt(request, note, total_seconds=left)) as events:
                    async for event in events:
                        yield event
                return
            except CallFailed as error:
                failure = error
            if note.first_token_ms is not None:
                raise failure
            pause = _pause(failure, note, turn)
            if pause is None or time.monotonic() + pause > give_up_at:
                break
            yield Waiting(failure.code, pause)
            await asyncio.sleep(pause)
    raise failure


async def _attempt(request: Request, note: Try, *, total_seconds: float) -> AsyncGenerator[Event, None]:
    limits = Limits(settings.FIRST_BYTE_SECONDS, settings.BETWEEN_BYTES_SECONDS, total_seconds)
    begun = time.perf_counter()
    events = _dialect().stream(note.target, request, limits=limits, note=note)
    note.outcome = "cancelled"
    try:
        async for event in events:
            if isinstance(event, Delta):
                if note.first_token_ms is None:
                    note.first_token_ms = (time.perf_counter() - begun) * 1000
                    yield Served(note.target, note.number)
                note.output_bytes += len(event.text.encode())
            elif isinstance(event, Usage):
                note.usage = event
            yield event
        note.outcome = "ok"
    except CallFailed as error:
        note.outcome, note.status = error.code, error.status or note.status
        raise
    finally:
        note.duration_ms = (time.perf_counter() - begun) * 1000
        await events.aclose()


def _pause(failure: CallFailed, note: Try, turn: int) -> float | None:
    """Seconds to wait before the same target is tried again; None when it is not worth it."""
    if not failure.is_retryable or turn + 1 >= TRIES_PER_TARGET:
        return None
    if failure.code in ("first_byte_timeout", "stalled", "bad_answer", "empty"):
        return None
    if failure.code == "unreachable" and note.duration_ms > SLOW_MS:
        return None
    return BACKOFF_SECONDS[turn] if failure.retry_after is None else failure.retry_after


def _dialect() -> OpenAIDialect:
    """One per event loop: a connection belongs to the loop that opened it."""
    key = id(asyncio.get_running_loop())
    if key not in _dialects:
        _dialects[key] = OpenAIDialect()
    return _dialects[key]
