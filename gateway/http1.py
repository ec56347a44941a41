"""HTTP/1.1 for answers that stream: connections, requests, and bodies in whole reads.

*Called by*: gateway.outbound, as the transport of its clients. *Keeps true*: heads are written and read by h11; a body
ends where its framing says or is an error; a connection serves again only after a whole answer. *Why* not the client's
own: it takes each chunk of a body through a dozen layers, which costs more than all that Parley does with a token.
"""

import asyncio
import re
import ssl
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import h11
import httpx2

from gateway.tcp import Line

Origin = tuple[str, str, int]
Dial = Callable[[str, int], Awaitable[Line]]
IDLE_SECONDS = 60.0
IDLE_MAX = 100
LINE_MAX = 4096
TRAILERS_MAX = 16_384
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\Z", re.DOTALL)


class Transport(httpx2.AsyncBaseTransport):
    """Keeps connections by origin. Deadlines but that of connecting are the caller's; nothing is retried."""

    def __init__(self, dial: Dial, *, max_connections: int, tls: ssl.SSLContext | None = None) -> None:
        self._dial = dial
        self._places = asyncio.Semaphore(max_connections)
        self._idle: dict[Origin, deque[tuple[float, Line]]] = defaultdict(deque)
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._tls.set_alpn_protocols(["http/1.1"])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        origin = url.scheme, url.raw_host.decode("ascii"), url.port or {"http": 80, "https": 443}[url.scheme]
        await self._places.acquire()
        line: Line | None = None
        try:
            line = self._take_idle(origin) or await self._connect(origin, request)
            return await self._ask(line, origin, request)
        except BaseException:
            if line:
                line.close()
            self._places.release()
            raise

    async def aclose(self) -> None:
        for lines in self._idle.values():
            for _, line in lines:
                line.close()
        self._idle.clear()

    async def _connect(self, origin: Origin, request: httpx2.Request) -> Line:
        scheme, host, port = origin
        line: Line | None = None
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                line = await self._dial(host, port)
                if scheme == "https":
                    await line.secure(self._tls, host)
                return line
        except BaseException as error:
            if line:
                line.close()
            if isinstance(error, TimeoutError):
                raise httpx2.ConnectTimeout("connecting took too long", request=request) from error
            if isinstance(error, OSError | UnicodeError):
                raise httpx2.ConnectError(str(error), request=request) from error
            raise

    async def _ask(self, line: Line, origin: Origin, request: httpx2.Request) -> httpx2.Response:
        talk = h11.Connection(h11.CLIENT)
        try:
            sent = talk.send(h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw))
            assert isinstance(request.stream, httpx2.AsyncByteStream)
            body = b"".join([part async for part in request.stream])
            sent += (talk.send(h11.Data(data=body)) if body else b"") + talk.send(h11.EndOfMessage())
            await line.put(sent)
            head = await _read_head(line, talk)
        except h11.LocalProtocolError as error:
            raise httpx2.LocalProtocolError(str(error), request=request) from error
        except h11.RemoteProtocolError as error:
            raise httpx2.RemoteProtocolError(str(error), request=request) from error
        except OSError as error:
            raise httpx2.ReadError(str(error), request=request) from error
        framing = _framing(request.method, head)
        words = [value.lower() for name, value in head.headers if name == b"connection"]
        is_kept = head.http_version == b"1.1" and not any(b"close" in value for value in words)
        rest, _ = talk.trailing_data

        def leave() -> None:
            self._places.release()
            if is_kept and framing.is_clean and not line.is_over:
                self._keep_idle(origin, line)
            else:
                line.close()

        stream = Body(line, framing, rest, leave)
        return httpx2.Response(head.status_code, headers=head.headers.raw_items(), stream=stream)

    def _take_idle(self, origin: Origin) -> Line | None:
        lines = self._idle[origin]
        while lines:
            since, line = lines.pop()
            # One that has something to say in between says goodbye, or nothing that is wanted.
            if not line.is_over and not line.arrived and time.monotonic() < since + IDLE_SECONDS:
                return line
            line.close()
        return None

    def _keep_idle(self, origin: Origin, line: Line) -> None:
        lines = self._idle[origin]
        lines.append((time.monotonic(), line))
        while len(lines) > IDLE_MAX or (lines and lines[0][0] < time.monotonic() - IDLE_SECONDS):
            lines.popleft()[1].close()


class Framing(Protocol):
    """Where a body ends. `is_clean`: it has ended, and nothing came after it."""

    is_over: bool
    is_clean: bool

    def feed(self, raw: bytes) -> bytes: ...
    def end(self) -> None: ...


class Chunked:
    """RFC 9112, 7.1. All whole parts of a read come out as one."""

    def __init__(self) -> None:
        self.is_over = self.is_clean = False
        self._rest = b""
        self._left = self._trailers = 0
        self._is_after_data = self._is_in_trailers = False

    def feed(self, raw: bytes) -> bytes:
        buffer, at, found = self._rest + raw, 0, []
        while not self.is_over:
            if self._left:
                piece = buffer[at : at + self._left]
                found.append(piece)
                at, self._left = at + len(piece), self._left - len(piece)
                if self._left:
                    break
                self._is_after_data = True
            end = buffer.find(b"\r\n", at)
            if end < 0:
                if len(buffer) - at > LINE_MAX:
                    raise httpx2.RemoteProtocolError("a line of a chunk is too long")
                break
            self._take_line(buffer[at:end])
            at = end + 2
        self._rest = buffer[at:]
        self.is_clean = self.is_over and not self._rest
        return b"".join(found)

    def end(self) -> None:
        raise httpx2.RemoteProtocolError("the connection ended in the middle of a body")

    def _take_line(self, line: bytes) -> None:
        if self._is_after_data:
            if line:
                raise httpx2.RemoteProtocolError("a chunk is longer than it said")
            self._is_after_data = False
        elif self._is_in_trailers:
            self._trailers += len(line)
            if self._trailers > TRAILERS_MAX:
                raise httpx2.RemoteProtocolError("the trailers are too long")
            self.is_over = not line
        else:
            size = _SIZE.match(line)
            if size is None:
                raise httpx2.RemoteProtocolError("a chunk does not say how long it is")
            self._left = int(size[1], 16)
            self._is_in_trailers = self._left == 0


class Counted:
    """A body of so many bytes; None for one that lasts until the connection ends."""

    def __init__(self, length: int | None) -> None:
        self._left = length
        self.is_over = self.is_clean = length == 0

    def feed(self, raw: bytes) -> bytes:
        if self._left is None:
            return raw
        data = raw[: self._left]
        self._left -= len(data)
        self.is_over = self._left == 0
        self.is_clean = self.is_over and len(data) == len(raw)
        return data

    def end(self) -> None:
        if self._left is not None:
            raise httpx2.RemoteProtocolError("the connection ended in the middle of a body")
        self.is_over = True


class Body(httpx2.AsyncByteStream):
    """The bytes of a body as they come: one piece for each read of the network."""

    def __init__(self, line: Line, framing: Framing, rest: bytes, leave: Callable[[], None]) -> None:
        self._line, self._framing, self._rest = line, framing, rest
        self._leave: Callable[[], None] | None = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        framing, raw = self._framing, self._rest
        try:
            while True:
                if data := framing.feed(raw) if raw else b"":
                    yield data
                if framing.is_over:
                    break
                raw = await self._line.take()
                if not raw:
                    framing.end()
        except OSError as error:
            raise httpx2.ReadError(str(error)) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        if self._leave:
            self._leave()
            self._leave = None


async def _read_head(line: Line, talk: h11.Connection) -> h11.Response:
    while True:
        event = talk.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            raw = await line.take()
            if not raw:
                raise ConnectionResetError("the server hung up without an answer")
            talk.receive_data(raw)
        elif not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
            raise ConnectionResetError("the server did not answer in HTTP")


def _framing(method: str, head: h11.Response) -> Framing:
    """RFC 9112, 6.3. h11 has refused what contradicts itself."""
    fields = dict(head.headers)
    if method == "HEAD" or head.status_code in (204, 304):
        return Counted(0)
    if b"transfer-encoding" in fields:
        return Chunked()
    length = fields.get(b"content-length")
    return Counted(None if length is None else int(length))
