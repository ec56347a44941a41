"""Deadlines of a stream: first byte, between bytes, in total.

*Called by*: gateway.openai_dialect. *Keeps true*: no stream outlives its deadlines, however slowly it drips.
*Why*: a timer for each read costs more than the read; here one timer looks at what was last noted.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from gateway.errors import CallFailed


@dataclass(frozen=True, slots=True)
class Limits:
    first_byte_seconds: float
    between_bytes_seconds: float
    total_seconds: float


class Deadlines(AbstractAsyncContextManager["Deadlines"]):
    """Cancels the task inside when a deadline passes, and turns that into a CallFailed."""

    _timer: asyncio.TimerHandle

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.broken = ""
        self._loop = asyncio.get_running_loop()
        self._start = self._last = self._loop.time()
        self._has_begun = False

    def note_bytes(self) -> None:
        self._last = self._loop.time()

    def note_begin(self) -> None:
        """Data has come: from now on only silence and the total count."""
        if not self._has_begun:
            self._has_begun = True
            self._timer.cancel()
            self._timer = self._loop.call_at(self._next()[0], self._look)

    async def __aenter__(self) -> "Deadlines":
        self._task = asyncio.current_task()
        self._timer = self._loop.call_at(self._next()[0], self._look)
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        self._timer.cancel()
        if kind is asyncio.CancelledError and self.broken and self._task and self._task.uncancel() == 0:
            raise CallFailed(self.broken) from None

    def _next(self) -> tuple[float, str]:
        total = self._start + self.limits.total_seconds, "total_timeout"
        if not self._has_begun:
            return min((self._start + self.limits.first_byte_seconds, "first_byte_timeout"), total)
        return min((self._last + self.limits.between_bytes_seconds, "stalled"), total)

    def _look(self) -> None:
        when, code = self._next()
        if self._loop.time() >= when:
            self.broken = code
            if self._task:
                self._task.cancel()
        else:
            self._timer = self._loop.call_at(when, self._look)
