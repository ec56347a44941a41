"""Hundreds of answers at 50 tokens a second through one worker process, to the frames on Redis.

*Called by*: `__main__.py`. *Keeps true*: every answer is a row that is asked, claimed, checkpointed, settled and
audited; the worker has one core, and how late a token is counts from the provider's socket to the frame.
"""

import asyncio
import contextlib
import os
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import hiredis
import orjson
import uvloop

from tests.bench import machine, upstream
from tests.bench.figures import Figure, of_times, tidy
from tests.bench.stage import Stage, stage

SIZES = [20, 128, 500, 1000]
QUICK_SIZES = [20, 128]
EVERY_MS = 20
QUICK_SECONDS = 4
SPACES = 100
ENDINGS = ("finished", "stopped", "failed", "refused")


@dataclass
class Heard:
    """What was published: for each token when it was written and when it was heard; the answers that ended."""

    written: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    ended_at: list[float] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    gaps: int = 0

    def take(self, payload: bytes) -> None:
        now = time.perf_counter()
        frame = orjson.loads(payload)
        if frame["type"] == "message.changed" and frame["message"]["state"] in ENDINGS:
            if self.ended.setdefault(frame["message"]["id"], frame["message"]["state"]):
                self.ended_at.append(now)
        elif frame["type"] == "reply.deltas":
            for delta in frame["deltas"]:
                self._take_delta(delta, now)

    def _take_delta(self, delta: dict, now: float) -> None:
        reply, text = delta["reply"], delta["text"]
        self.began.setdefault(reply, now)
        self.gaps += delta["at"] != self.known.get(reply, 0)
        self.known[reply] = delta["at"] + len(text)
        stamps = list(upstream.stamps(text))
        self.written += stamps
        self.late += [now - stamp for stamp in stamps]


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    figures: list[Figure] = []
    for size in sizes or (QUICK_SIZES if quick else SIZES):
        # Longer than it takes until all have begun, so that all of them do stream at once.
        seconds = QUICK_SECONDS if quick else 8 if size <= 128 else 16
        with stage(people=2, spaces=min(size, SPACES)) as on:
            figures += _measure(on, size, seconds)
    return figures


def _measure(on: Stage, size: int, seconds: int) -> list[Figure]:
    from chat import feed

    tokens = seconds * 1000 // EVERY_MS
    handle = on.make_model(tokens=tokens, every_ms=EVERY_MS)
    # Asked while no worker runs: all of them are then called for at once, which is the hardest start.
    for number in range(size):
        space = on.spaces[number % len(on.spaces)]
        feed.post(space, on.people[0], text=f"@{handle} question {number}", client_id=uuid.uuid4())
    figures = _figures(*uvloop.run(_listen(on, size, seconds)), size=size, tokens=tokens)
    _check(on, size, tokens)
    return figures


async def _listen(on: Stage, size: int, seconds: int) -> tuple[Heard, machine.Load, float]:
    """Listen, start the worker, and listen until all have ended; the load counts from the first token on."""
    heard, is_listening = Heard(), asyncio.Event()
    listener = asyncio.create_task(_subscribe(heard, is_listening))
    await is_listening.wait()
    await asyncio.to_thread(on.stack.start_worker)
    worker = on.pid("worker")
    machine.pin(worker, {0})
    machine.pin(on.upstream.process.pid, {1})
    deadline = time.perf_counter() + 4 * seconds + 30
    while not heard.began and time.perf_counter() < deadline:
        await asyncio.sleep(0.005)
    load, most_mb = machine.Load(worker=worker), 0.0
    while len(heard.ended) < size and time.perf_counter() < deadline:
        await asyncio.sleep(0.5)
        most_mb = max(most_mb, machine.pss_mb(worker))
    load.stop()
    listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listener
    return heard, load, most_mb


async def _subscribe(heard: Heard, is_listening: asyncio.Event) -> None:
    where = urlsplit(os.environ["REDIS_URL"])
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**22)
    if where.password:
        writer.write(hiredis.pack_command(("AUTH", unquote(where.password))))
    writer.write(hiredis.pack_command(("PSUBSCRIBE", "space:*")))
    parser = hiredis.Reader()
    while True:
        parser.feed(await reader.read(2**20))
        while (message := parser.gets()) is not False:
            if isinstance(message, list) and message[0] == b"pmessage":
                heard.take(message[3])
            elif isinstance(message, list):
                is_listening.set()


def _figures(heard: Heard, load: machine.Load, most_mb: float, *, size: int, tokens: int) -> list[Figure]:
    is_aim = size == 500
    all_began, first_end = max(heard.began.values()), min(heard.ended_at, default=0.0)
    steady = [late for at, late in zip(heard.written, heard.late, strict=True) if all_began <= at < first_end - 0.2]
    name = f"{size} answers"
    took = max(heard.ended_at) - min(heard.began.values())
    return [
        *of_times(f"{name}: text late, whole run", heard.late, p95=150 if size <= 500 else None),
        *of_times(f"{name}: text late, all {size} streaming", steady, p95=150 if size <= 500 else None),
        Figure(f"{name}: all began within", tidy(all_began - min(heard.began.values())), "s"),
        Figure(f"{name}: done", len(heard.ended), "answers", size, is_floor=True),
        Figure(f"{name}: tokens lost or doubled", abs(len(heard.late) - size * tokens) + heard.gaps, "", 0),
        Figure(f"{name}: first token to last end", tidy(took), "s"),
        Figure(f"{name}: tokens a second", round(len(heard.late) / took), "tokens/s"),
        Figure(f"{name}: worker CPU", tidy(100 * load.cpu["worker"] / load.seconds), "% of a core"),
        Figure(f"{name}: worker CPU a token", tidy(1e6 * load.cpu["worker"] / max(len(heard.late), 1)), "us"),
        Figure(f"{name}: worker memory (PSS)", tidy(most_mb), "MB", 150 if is_aim else None),
        Figure(f"{name}: other CPU", tidy(load.other_percent), "% of a core"),
    ]


def _check(on: Stage, size: int, tokens: int) -> None:
    """Each answer is whole, and paid for."""
    from chat.models import Reply

    ended = Reply.objects.filter(state="finished", completion_tokens=tokens, cost_ucr__gt=0).count()
    assert ended == size, (
        f"{size - ended} of {size} answers are not whole: {Reply.objects.exclude(state='finished')[:5]}"
    )
    on.audit()
