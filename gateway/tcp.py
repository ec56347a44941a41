"""TCP and TLS connections, on the loop itself.

*Called by*: gateway.outbound, gateway.http1. *Keeps true*: what has arrived and is not read yet is bounded; a read that
is cancelled loses nothing. *Why* not a ready-made stream: it sets up a cancel scope and a timer for every read, which at
25,000 tokens a second is a quarter of a core; here deadlines are the caller's, one timer for a whole answer.
"""

import asyncio
import socket
import ssl
from typing import Any

ROOM_BYTES = 256 * 1024
STAGGER_SECONDS = 0.25


class Line(asyncio.Protocol):
    """One connection: what the loop says about it, kept until it is read. `take` and `put` raise OSError."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.arrived = bytearray()
        self.is_over = False
        self.error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_full = self._is_paused = False

    async def take(self, max_bytes: int = ROOM_BYTES) -> bytes:
        """What has arrived, or comes next; b"" at the end."""
        while not self.arrived and not self.is_over:
            self._reader = self.loop.create_future()
            await self._reader
        if not self.arrived and self.error:
            raise self.error
        data = bytes(self.arrived[:max_bytes])
        del self.arrived[:max_bytes]
        if self._is_paused and len(self.arrived) < ROOM_BYTES and not self.is_over:
            self._is_paused = False
            self.transport.resume_reading()
        return data

    async def put(self, data: bytes) -> None:
        """Hand the data to the network; waits while there is no room."""
        if self.is_over:
            raise self.error or ConnectionResetError("the connection is closed")
        self.transport.write(data)
        while self._is_full:
            self._writer = self.loop.create_future()
            await self._writer

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Speak TLS from here on, with whoever can show a certificate for this name."""
        self.transport = await self.loop.start_tls(self.transport, self, context, server_hostname=name)

    def close(self) -> None:
        # Not graceful: whoever closes has read all that it wants, or hangs up and means it.
        if self.transport:
            self.transport.abort()

    # --- called by the loop ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived += data
        if len(self.arrived) > ROOM_BYTES and not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        self.is_over = True
        _wake(self._reader)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over, self.error = True, error
        self._is_full = False
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _wake(self._writer)


async def dial(host: str, port: int) -> Line:
    """Try the addresses of a host in turn, the next one before a slow one has failed (RFC 8305). Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    trying: set[asyncio.Task[Any]] = set()
    failure: BaseException = ConnectionError("the host has no address")
    try:
        while addresses or trying:
            if addresses:
                trying.add(asyncio.ensure_future(loop.create_connection(Line, addresses.pop(0), port)))
            patience = STAGGER_SECONDS if addresses else None
            done, trying = await asyncio.wait(trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.exception() is None:
                    return task.result()[1]
                failure = task.exception() or failure
        raise failure
    finally:
        for task in trying:
            task.cancel()


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
