"""A provider that costs next to nothing: it writes stamped tokens at a steady pace to a thousand streams.

*Called by*: the benchmarks (Upstream), and itself (`python -m tests.bench.upstream`). *Keeps true*: every token is the
time at which it was handed to the network, in microseconds of the clock that all processes of a machine share.
*Why* not the scripted provider: at 25,000 tokens a second it would be the thing that is measured.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import uvloop

# A model's name is what it does: tokens-500-20 writes 500 tokens, one every 20 ms.
_ASKED = re.compile(rb'"model": ?"tokens-(\d+)-(\d+)"')
# Whoever asks writes a number into the message, so that arrivals can be told apart.
_MARK = re.compile(rb"mark(\d+)")
PARAGRAPH_TOKENS = 60
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_BEFORE = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
_TEXT, _AFTER = _BEFORE + b'{"content":"', b'"},"finish_reason":null}]}\n\n'
_FINISH = _BEFORE + b'{},"finish_reason":"stop"}]}\n\n'
_USAGE = b'data: {"id":"c1","choices":[],"usage":{"prompt_tokens":50,"completion_tokens":%d,"total_tokens":%d}}\n\n'
_DONE = b"data: [DONE]\n\n"


class Upstream:
    """The handle on the process."""

    def __init__(self) -> None:
        argv = [sys.executable, "-m", "tests.bench.upstream"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.url = f"{self.root}/v1"

    def arrivals(self) -> dict[int, float]:
        """When each marked request arrived whole, in seconds of time.perf_counter."""
        with urllib.request.urlopen(f"{self.root}/arrivals", timeout=10) as response:
            return {int(mark): at for mark, at in json.loads(response.read()).items()}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def stamps(text: str) -> Iterator[float]:
    """When each token of this text was handed to the network, in seconds of time.perf_counter."""
    return (int(word) / 1e6 for word in text.split())


class Line(asyncio.Protocol):
    """One connection: requests one after the other, each answered by a stream."""

    arrived: dict[int, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_lost(self, error: Exception | None) -> None:
        if self.timer:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = re.search(rb"content-length: ?(\d+)", head, re.IGNORECASE)
        if length and len(body) < int(length[1]):
            return
        self.buffer = b""
        if head.startswith(b"GET /arrivals"):
            text = json.dumps(self.arrived).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text
            )
        else:
            self._begin(body)

    def _begin(self, body: bytes) -> None:
        marks = _MARK.findall(body)
        if marks:
            self.arrived[int(marks[-1])] = time.perf_counter()
        asked = _ASKED.search(body)
        self.tokens, every_ms = (int(asked[1]), int(asked[2])) if asked else (10, 20)
        self.every, self.sent = every_ms / 1000, 0
        self.due = self.loop.time()
        self._write(_HEAD, at_once=True)
        self._tick()

    def _tick(self) -> None:
        self.sent += 1
        gap = b"\\n\\n" if self.sent % PARAGRAPH_TOKENS == 0 else b" "
        self._write(b"%b%d%b%b" % (_TEXT, time.perf_counter() * 1e6, gap, _AFTER))
        if self.sent < self.tokens:
            self.due += self.every
            self.timer = self.loop.call_at(self.due, self._tick)
        else:
            self._write(_FINISH + _USAGE % (self.tokens, self.tokens + 50) + _DONE)
            self._write(b"0\r\n\r\n", at_once=True)

    def _write(self, data: bytes, *, at_once: bool = False) -> None:
        self.transport.write(data if at_once else b"%x\r\n%b\r\n" % (len(data), data))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Line, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent holds our standard input: when it goes, however it goes, so do we.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_serve())
