"""Browsers that cost next to nothing: a form post on a kept connection, and a socket that only reads.

*Called by*: mention.py, fanout.py. *Keeps true*: what is measured is the server; a thousand of these sockets fit into
one process because a frame is cut out of the bytes and handed on, no more.
"""

import asyncio
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

_TEXT, _CLOSE, _PING = 0x81, 0x88, 0x89


@dataclass
class Posted:
    """An answered form, and when it was sent and answered."""

    status: int
    body: bytes
    sent_at: float
    answered_at: float


class Browser:
    """A signed-in person's connection for forms."""

    def __init__(self, url: str, cookies: dict[str, str], csrf: str) -> None:
        self.where = urlsplit(url)
        self.headers = (
            f"Host: {self.where.netloc}\r\nOrigin: {url}\r\nAccept: application/json\r\nX-CSRFToken: {csrf}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nCookie: {_cookie(cookies)}\r\n"
        )

    async def open(self) -> "Browser":
        self.reader, self.writer = await asyncio.open_connection(self.where.hostname, self.where.port)
        return self

    async def post(self, path: str, **fields: str) -> Posted:
        body = urlencode(fields)
        sent_at = time.perf_counter()
        self.writer.write(f"POST {path} HTTP/1.1\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await self.reader.readexactly(length)
        return Posted(int(head.split(b" ", 2)[1]), answer, sent_at, time.perf_counter())

    def close(self) -> None:
        self.writer.close()


class Reader(asyncio.Protocol):
    """A socket that reads: `on_frame` gets each text frame as bytes; `closed` is the close code, once there is one."""

    def __init__(self, on_frame: Callable[["Reader", bytes], None]) -> None:
        self.on_frame = on_frame
        self.is_open = asyncio.get_running_loop().create_future()
        self.closed: int | None = None
        self._buffer = b""

    @classmethod
    async def connect(
        cls, url: str, path: str, on_frame: Callable[["Reader", bytes], None], cookies: dict[str, str] | None = None
    ) -> "Reader":
        where = urlsplit(url)
        loop = asyncio.get_running_loop()
        transport, reader = await loop.create_connection(lambda: cls(on_frame), where.hostname, where.port)
        transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nOrigin: {url}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {_cookie(cookies or {})}\r\n\r\n".encode()
        )
        await asyncio.wait_for(reader.is_open, 30)
        return reader

    def say(self, text: str) -> None:
        self._send(_TEXT, text.encode())

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = self.closed or 1006
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError("the server hung up during the handshake"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self.is_open.done():
            head, blank, buffer = buffer.partition(b"\r\n\r\n")
            if not blank:
                self._buffer = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.is_open.set_exception(ConnectionError(head.decode(errors="replace")[:200]))
                return
            self.is_open.set_result(None)
        self._buffer = self._take_frames(buffer)

    def _take_frames(self, buffer: bytes) -> bytes:
        """Hand on every whole frame; return what is left over."""
        at, end = 0, len(buffer)
        while end - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if end < start + size or end < start:
                break
            self._take(buffer[at], buffer[start : start + size])
            at = start + size
        return buffer[at:]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == _TEXT:
            self.on_frame(self, payload)
        elif kind == _PING:
            self._send(0x8A, payload)
        elif kind == _CLOSE:
            self.closed = int.from_bytes(payload[:2], "big")

    def _send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        self._transport.write(bytes([kind]) + size + mask + masked)


async def connect_all(
    url: str, path: str, on_frame: Callable[[Reader, bytes], None], cookies: list[dict[str, str]]
) -> list[Reader]:
    """A socket for each person, a few at a time, as browsers come back after a restart."""
    turns = asyncio.Semaphore(16)

    async def connect(jar: dict[str, str]) -> Reader:
        async with turns:
            return await Reader.connect(url, path, on_frame, jar)

    return list(await asyncio.gather(*(connect(jar) for jar in cookies)))


def _cookie(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
