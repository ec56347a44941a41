"""Server-sent events, split from whatever reads the network gives.

*Called by*: gateway.openai_dialect. *Keeps true*: every legal form parses (CRLF, CR, comments, several data
lines, a BOM, bytes cut inside a character); one event is never larger than EVENT_MAX.
Source: WHATWG HTML, section 9.2.6.
"""

from gateway.errors import CallFailed

EVENT_MAX = 1_048_576
_BOM = b"\xef\xbb\xbf"
_FIELDS = (b":", b"event", b"id", b"retry")


class Events:
    """Feed bytes, get the data of each finished event. `is_strange` says that there was more than a stream has."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_begin = True
        self.is_strange = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The `data` of every event that this chunk completes. Raises CallFailed("bad_answer") past EVENT_MAX."""
        buffer = self._rest + chunk
        if self._is_begin:
            if _BOM.startswith(buffer):
                self._rest = buffer
                return []
            buffer = buffer.removeprefix(_BOM)
            self._is_begin = False
        if b"\r" in buffer:
            buffer = self._plain_newlines(buffer)
        *blocks, self._rest = buffer.split(b"\n\n")
        if len(self._rest) > EVENT_MAX:
            raise CallFailed("bad_answer")
        return [data for block in blocks if (data := self._data(block)) is not None]

    def rest(self) -> list[bytes]:
        """What the stream ended on without its blank line."""
        data = self._data(self._rest.rstrip(b"\r\n"))
        self._rest = b""
        return [] if data is None else [data]

    def _plain_newlines(self, buffer: bytes) -> bytes:
        # A CR at the very end may be half of a CRLF: it waits, as part of the rest, for what follows.
        tail = b"\r" if buffer.endswith(b"\r") else b""
        body = buffer[: len(buffer) - len(tail)]
        return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + tail

    def _data(self, block: bytes) -> bytes | None:
        if block.startswith(b"data: ") and b"\n" not in block:
            return block[6:]
        lines = block.split(b"\n")
        found = [line for line in lines if line.startswith(b"data:")]
        if not found:
            self.is_strange = self.is_strange or any(line and not line.startswith(_FIELDS) for line in lines)
            return None
        return b"\n".join(line[5:].removeprefix(b" ") for line in found)
