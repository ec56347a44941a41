"""TCP and TLS for the HTTP client, on the loop itself.

*Called by*: gateway.outbound. *Keeps true*: what has arrived and is not read yet is bounded; a read or write that is
cancelled loses nothing. *Why* not the client's own: it sets up a cancel scope and a timer for every read, which at
25,000 tokens a second is a quarter of a core; here deadlines are the caller's, of one timer for a whole answer.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

ROOM_BYTES = 256 * 1024
STAGGER_SECONDS = 0.25


class Line(asyncio.Protocol):
    """What the loop says about one connection, kept until it is read."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.arrived = bytearray()
        self.is_over = False
        self.error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_full = self._is_paused = False

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

    async def take(self, max_bytes: int) -> bytes:
        """What has arrived, or comes next; b"" at the end."""
        while not self.arrived and not self.is_over:
            self._reader = self.loop.create_future()
            await self._reader
        if not self.arrived and self.error:
            raise self.error
        if len(self.arrived) <= max_bytes:
            data, self.arrived = bytes(self.arrived), bytearray()
        else:
            data = bytes(self.arrived[:max_bytes])
            del self.arrived[:max_bytes]
        if self._is_paused and len(self.arrived) < ROOM_BYTES and not self.is_over:
            self._is_paused = False
            self.transport.resume_reading()
        return data

    async def put(self, data: bytes) -> None:
        if self.is_over:
            raise self.error or ConnectionResetError("the connection is closed")
        self.transport.write(data)
        while self._is_full:
            self._writer = self.loop.create_future()
            await self._writer


class Stream(httpcore2.AsyncNetworkStream):
    """A connection as the HTTP client wants it."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            if timeout is None:
                return await self._line.take(max_bytes)
            async with asyncio.timeout(timeout):
                return await self._line.take(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        try:
            async with asyncio.timeout(timeout):
                await self._line.put(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    async def aclose(self) -> None:
        # Not graceful: whoever closes has read all that it wants, or has hung up.
        self._line.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        line = self._line
        try:
            async with asyncio.timeout(timeout):
                line.transport = await line.loop.start_tls(
                    line.transport, line, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            await self.aclose()
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            await self.aclose()
            raise httpcore2.ConnectError(str(error)) from error
        return Stream(line)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Asked of an idle connection only: it is silent, or of no more use.
            return self._line.is_over or bool(self._line.arrived)
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._line.transport.get_extra_info(names.get(info, info))


class Backend(httpcore2.AsyncNetworkBackend):
    """Opens connections on the running loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                line = await _connect(host, port, (local_address, 0) if local_address else None)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for option in socket_options or ():
            line.transport.get_extra_info("socket").setsockopt(*option)
        return Stream(line)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _connect(host: str, port: int, local_address: tuple[str, int] | None) -> Line:
    """Try the addresses of a host one after the other, the next one before a slow one has failed (RFC 8305)."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    trying: set[asyncio.Task[Any]] = set()
    failure: BaseException = ConnectionError("the host has no address")
    try:
        while addresses or trying:
            if addresses:
                attempt = loop.create_connection(Line, addresses.pop(0), port, local_addr=local_address)
                trying.add(asyncio.ensure_future(attempt))
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
