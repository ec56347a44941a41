"""The web process: daphne, with sockets that feel their reader and bodies that are bounded while they come.

*Called by*: bin/up, `python -m config.web --port N`. *Keeps true*: what a slow reader has not taken waits in its
own bounded queue and nowhere else. *Why* subclasses: daphne hands text to its transport without asking whether there
is room, so a reader that sleeps would grow the process; and it keeps a whole body before the application sees a byte.
"""

import argparse
import asyncio
import gc
import os
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from typing import IO, Any

import structlog
from twisted.internet import asyncioreactor

asyncioreactor.install(asyncio.new_event_loop())

from daphne import http_protocol  # noqa: E402
from daphne.endpoints import build_endpoint_description_strings  # noqa: E402
from daphne.server import Server  # noqa: E402
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol  # noqa: E402
from twisted.internet.tcp import Connection  # noqa: E402
from twisted.internet.threads import deferToThread  # noqa: E402
from twisted.web.http import HTTPChannel  # noqa: E402

from config.edge import BODY_MAX, body_max  # noqa: E402

FRAME_MAX = 16 * 1024
# What a sender may go on sending after its body was too large, so that it lives to read why; then it is cut off.
DRAIN_MAX = 64 * 1024 * 1024
_log = structlog.get_logger(__name__)


class Room:
    """Whether the transport has room; a Twisted push producer that only remembers."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.is_open.set()

    def pauseProducing(self) -> None:
        self.is_open.clear()

    def resumeProducing(self) -> None:
        self.is_open.set()

    def stopProducing(self) -> None:
        self.is_open.set()


class Socket(WebSocketProtocol):
    """A socket whose application can wait for room, and say a text without a message being made of it:
    scope["extensions"]["parley.room"] and ["parley.say"]."""

    # A frame that is too large is answered with its close code (1009) instead of a connection that drops.
    failByDrop = False
    # How long a reader that was told to go may take to read so.
    closeHandshakeTimeout = 10

    def onConnect(self, request: Any) -> Any:
        self.room = Room()
        # The HTTP channel that this connection began as still feeds the transport: it hands over.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.room, True)
        return super().onConnect(request)

    def serverSend(self, content: str, binary: bool = False) -> None:
        """Send text of any size: autobahn's sendMessage would hold it to the limit for what comes in, and its sendFrame
        spends longer on a line for a log that nobody keeps than on all the rest."""
        if self.state != self.STATE_OPEN:
            return
        transport, data = self.transport, _frame(content)
        if isinstance(transport, Connection) and transport.connected and not _is_waiting(transport):
            # To ask whether there is room takes longer than to try.
            sent = transport.writeSomeData(data)
            if not isinstance(sent, int):
                return  # the reader is gone, of which the reading side hears
            data = data[sent:]
        if data:
            transport.write(data)

    def connectionLost(self, reason: Any) -> None:
        self.transport.unregisterProducer()
        super().connectionLost(reason)


@lru_cache(maxsize=64)
def _frame(text: str) -> bytes:
    """The text as it goes over the wire. A server's frames are alike for all, so it is made once for a whole crowd."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes([size]) + payload
    return b"\x81" + (b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)) + payload


def _is_waiting(transport: Any) -> bool:
    """Whether something is still to be written before, or the end has been asked for."""
    return bool(transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting)


class Request(http_protocol.WebRequest):
    """A request of which no more is kept than its address may take; config.edge refuses it by the length that it had.

    A form with files lies on disk and is handed over as it lies there: scope["extensions"]["parley.body"]; of somebody
    who is not signed in, or sends too much at once, no more is kept than of a page's form, and "parley.refused" says
    so. What is answered in pieces can wait for its reader: "parley.room".
    """

    content: Any
    spooled: IO[bytes] | None = None
    refused = ""
    shelved: tuple[str, int] | None = None
    is_gone = False

    def gotLength(self, length: int | None) -> None:
        self.taken, self.room = 0, Room()
        # Twisted would read every form once more for itself: whole, in memory, in the loop that all sockets share.
        self._parsePOSTFormSubmission = False
        named = [(name, values[0]) for name, values in self.requestHeaders.getAllRawHeaders()]
        path, _, query = self.channel._path.partition(b"?")
        self.most = body_max(self.channel._command.decode("latin-1"), path, query, named)
        super().gotLength(0 if length is None or length > self.most else length)
        if length is not None and BODY_MAX < length <= self.most:
            self._ask_leave(length)

    def _ask_leave(self, length: int) -> None:
        """Read on once it is known who sends, and that there is room; what has come by then fits into BODY_MAX."""
        most, self.most = self.most, BODY_MAX
        source = self.channel._networkProducer
        source.pauseProducing()
        cookies = (self.requestHeaders.getRawHeaders(b"cookie") or [b""])[0]
        uploads = import_module("config.uploads")  # it needs Django set up

        def decide(user_id: str) -> None:
            if self.is_gone:
                return
            if not user_id:
                self.refused = "stranger"
            elif uploads.shelf.take(user_id, length):
                self.most, self.shelved = most, (user_id, length)
            else:
                self.refused = "crowded"
            source.resumeProducing()

        def fail(failure: Any) -> None:
            _log.warning("upload.not_asked", error=failure.type.__name__)
            if not self.is_gone:
                self.refused = "crowded"
                source.resumeProducing()

        deferToThread(uploads.ask, cookies).addCallbacks(decide, fail)

    def handleContentChunk(self, data: bytes) -> None:
        self.taken += len(data)
        if self.taken <= self.most:
            super().handleContentChunk(data)
        elif self.taken - self.most > DRAIN_MAX:
            self.transport.abortConnection()

    def process(self) -> Any:
        if self.taken > self.most:
            self.requestHeaders.setRawHeaders(b"content-length", [str(self.taken).encode()])
        elif self.taken > BODY_MAX:
            body: IO[bytes] = self.content
            body.seek(0)
            self.spooled, self.content = body, BytesIO()
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        # An answer that was over before it was read whole needs nobody to be told of the room there is.
        if message.get("more_body") and not self.producer and not self.finished and self.channel is not None:
            self.registerProducer(self.room, True)
        super().handle_reply(message)

    def finish(self) -> None:
        self._leave()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        self.room.resumeProducing()
        super().connectionLost(reason)
        self._leave()

    def _leave(self) -> None:
        if self.producer and self.channel is not None:
            self.unregisterProducer()
        if self.spooled:
            self.spooled.close()
        self.is_gone = True
        if self.shelved:
            import_module("config.uploads").shelf.give_back(*self.shelved)
            self.shelved = None


def _refuse_line(channel: HTTPChannel, line: bytes) -> None:
    """An address or header that is too long is answered; by itself the connection would just drop."""
    channel._respondToBadRequestAndDisconnect()


class WebServer(Server):
    """daphne's server with our requests and sockets."""

    def run(self) -> None:
        http_protocol.WebRequest = Request
        HTTPChannel.lineLengthExceeded = _refuse_line  # type: ignore[assignment, method-assign]
        WebSocketFactory.protocol = Socket
        super().run()

    def create_application(self, protocol: Any, scope: dict) -> Any:
        extensions = scope.setdefault("extensions", {})
        if (room := getattr(protocol, "room", None)) is not None:
            extensions["parley.room"] = room.is_open
        if isinstance(protocol, Socket):
            extensions["parley.say"] = protocol.serverSend
        if (spooled := getattr(protocol, "spooled", None)) is not None:
            extensions["parley.body"] = spooled
        if refused := getattr(protocol, "refused", ""):
            extensions["parley.refused"] = refused
        return super().create_application(protocol, scope)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Building the application sets Django up; only then can tables be asked.
    application = import_module("config.asgi").application
    import_module("catalog.sync").switch_on()
    # What was imported stays: a full collection that looks through it would stop every socket for a tenth of a second.
    gc.collect()
    gc.freeze()
    WebServer(
        application=application,
        endpoints=build_endpoint_description_strings(host=options.host, port=options.port),
        signal_handlers=True,
        server_name="Parley",
        websocket_timeout=-1,
        websocket_max_message_size=FRAME_MAX,
        websocket_max_frame_size=FRAME_MAX,
        application_close_timeout=10,
        verbosity=0,
    ).run()


if __name__ == "__main__":
    main()
