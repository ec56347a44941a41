"""One post to every socket of a Space, and twenty streaming answers to a thousand people.

*Called by*: `__main__.py`. *Keeps true*: every frame has a number and every socket counts them, so that a lost one
shows; product and floor are measured in one run, by the same clients, with the same frames.
"""

import asyncio
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench import floor, machine
from tests.bench.clients import Browser, Reader, connect_all
from tests.bench.figures import Figure, of_times, percentile, tidy
from tests.bench.stage import CSRF, Stage, new_id, stage
from tests.bench.streaming_crowd import measure_streaming
from tests.stack import free_port

SIZES = [100, 300, 1000]
QUICK_SIZES = [100, 300]
WINDOW = 16
GAP_SECONDS = 0.1
_NUMBER = re.compile(rb"frame-(\d+)!")


@dataclass
class Crowd:
    """N sockets, and for each numbered frame when the last of them had it."""

    readers: list[Reader] = field(default_factory=list)
    served: dict[int, int] = field(default_factory=dict)
    last_at: dict[int, float] = field(default_factory=dict)
    doubled: int = 0
    seen: dict[int, int] = field(default_factory=dict)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, reader: Reader, payload: bytes) -> None:
        found = _NUMBER.search(payload)
        if not found:
            return
        number = int(found[1])
        # Frames come in order, so that one number for each socket tells repetition; the counts below tell loss.
        self.doubled += self.seen.get(id(reader), -1) >= number
        self.seen[id(reader)] = number
        self.served[number] = self.served.get(number, 0) + 1
        self.last_at[number] = time.perf_counter()
        if self.served[number] >= len(self.readers):
            self.full.set()

    def is_served(self, number: int) -> bool:
        return self.served.get(number, 0) >= len(self.readers)

    async def wait(self, number: int, seconds: float = 20) -> None:
        deadline = time.perf_counter() + seconds
        while not self.is_served(number) and time.perf_counter() < deadline:
            self.full.clear()
            try:
                await asyncio.wait_for(self.full.wait(), 1)
            except TimeoutError:
                pass

    def close(self) -> None:
        for reader in self.readers:
            reader.close()


@dataclass
class Run:
    """What one crowd saw: time to the last socket, deliveries a second, processor time a delivery, frames lost."""

    times: list[float]
    posted: list[float]
    rate: float
    cpu_us: float
    lost: int
    other_percent: float


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    sizes = sizes or (QUICK_SIZES if quick else SIZES)
    figures: list[Figure] = []
    with stage(people=max(*sizes, 2), spaces=1) as on:
        on.stack.start_web()
        cookies = [on.sign_in(member) for member in on.people]
        frame = _frame(on)
        for size in sizes:
            product = uvloop.run(_product(on, cookies[:size], frame, quick))
            bare = _bare(on, size, frame, quick)
            figures += _figures(size, product, bare)
    return figures + measure_streaming(quick=quick)


async def _product(on: Stage, cookies: list[dict[str, str]], frame: Callable[[int], Any], quick: bool) -> Run:
    from chat import broadcast

    crowd = Crowd()
    crowd.readers += await connect_all(on.stack.url, on.socket_path, crowd.take, cookies)
    for reader in crowd.readers:
        reader.say(f'{{"type":"space.subscribe","space":"{on.spaces[0].pk}"}}')
    topic = broadcast.space_topic(on.spaces[0].pk)
    publish = lambda number: broadcast.publish([(topic, frame(number))])  # noqa: E731
    await _until_all_hear(crowd, publish)
    browser = await Browser(on.stack.url, cookies[0], CSRF).open()
    posted = await _post(on, crowd, browser, 5 if quick else 20)
    browser.close()
    return await _measure(crowd, publish, on.pid("web"), posted, quick)


def _bare(on: Stage, size: int, frame: Callable[[int], Any], quick: bool) -> Run:
    from chat import broadcast

    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.floor", str(port)], env=on.stack.environment)

    async def measure() -> Run:
        crowd = Crowd()
        url = f"http://127.0.0.1:{port}"
        for _ in range(size):
            crowd.readers.append(await _connect_when_up(url, crowd))
        publish = lambda number: broadcast.publish([(floor.TOPIC, frame(number))])  # noqa: E731
        await _until_all_hear(crowd, publish)
        return await _measure(crowd, publish, process.pid, [], quick)

    try:
        return uvloop.run(measure())
    finally:
        process.terminate()
        process.wait(10)


async def _connect_when_up(url: str, crowd: Crowd) -> Reader:
    deadline = time.perf_counter() + 20
    while True:
        try:
            return await Reader.connect(url, "/", crowd.take)
        except OSError:
            if time.perf_counter() > deadline:
                raise
            await asyncio.sleep(0.1)


async def _until_all_hear(crowd: Crowd, publish: Callable[[int], None]) -> None:
    """A socket that has just subscribed may not hear yet: frame 0 is sent until everybody has had it."""
    deadline = time.perf_counter() + 60
    heard: set[int] = set()
    while len(heard) < len(crowd.readers):
        assert time.perf_counter() < deadline, "not every socket hears"
        crowd.seen.clear()
        publish(0)
        await asyncio.sleep(0.3)
        heard = set(crowd.seen)
    crowd.seen.clear()
    crowd.served.clear()
    crowd.doubled = 0


async def _post(on: Stage, crowd: Crowd, browser: Browser, rounds: int) -> list[float]:
    """Real messages over HTTP: from the form's last byte to the last socket."""
    times = []
    for number in range(1, rounds + 1):
        answer = await browser.post(
            f"{on.space_path(on.spaces[0])}messages/", text=f"frame-{number}!", client_id=new_id()
        )
        assert answer.status == 201, answer.body
        await crowd.wait(number)
        times.append(crowd.last_at[number] - answer.sent_at)
        await asyncio.sleep(GAP_SECONDS)
    return times[2:]


async def _measure(crowd: Crowd, publish: Callable[[int], None], pid: int, posted: list[float], quick: bool) -> Run:
    singles, seconds = (15, 1.5) if quick else (60, 4.0)
    begin = 1000
    times = []
    for number in range(begin, begin + singles):
        at = time.perf_counter()
        publish(number)
        await crowd.wait(number)
        times.append(crowd.last_at.get(number, at + 20) - at)
        await asyncio.sleep(GAP_SECONDS)
    load, began = machine.Load(server=pid), time.perf_counter()
    first = number = begin + singles
    while time.perf_counter() - began < seconds:
        publish(number)
        number += 1
        if number - first >= WINDOW:
            await crowd.wait(number - WINDOW)
    await crowd.wait(number - 1)
    took = time.perf_counter() - began
    load.stop()
    sent, people = number - first, len(crowd.readers)
    lost = sum(people - crowd.served.get(n, 0) for n in range(begin, number)) + crowd.doubled
    lost += sum(reader.closed is not None for reader in crowd.readers)
    crowd.close()
    cpu_us = 1e6 * load.cpu["server"] / (sent * people)
    return Run(times, posted, sent * people / took, cpu_us, lost, load.other_percent)


def _figures(size: int, product: Run, bare: Run) -> list[Figure]:
    name = f"{size} sockets"
    halves = [percentile(sorted(one.times), 50) for one in (product, bare)]
    tails = [percentile(sorted(one.times), 95) for one in (product, bare)]
    return [
        *of_times(f"{name}: to the last one", product.times),
        *of_times(f"{name}: to the last one, floor", bare.times),
        Figure(f"{name}: to the last one against the floor, p50", tidy(halves[0] / halves[1]), "x", 2),
        Figure(f"{name}: to the last one against the floor, p95", tidy(tails[0] / tails[1]), "x", 2),
        *of_times(f"{name}: HTTP post to the last one", product.posted),
        Figure(f"{name}: deliveries a second", round(product.rate), "/s"),
        Figure(f"{name}: deliveries a second, floor", round(bare.rate), "/s"),
        Figure(
            f"{name}: deliveries a second against the floor", tidy(product.rate / bare.rate), "x", 0.5, is_floor=True
        ),
        Figure(f"{name}: CPU a delivery", tidy(product.cpu_us), "us"),
        Figure(f"{name}: CPU a delivery, floor", tidy(bare.cpu_us), "us"),
        Figure(f"{name}: lost, doubled or closed", product.lost, "", 0),
        Figure(f"{name}: other CPU", tidy(max(product.other_percent, bare.other_percent)), "% of a core"),
    ]


def _frame(on: Stage) -> Callable[[int], dict[str, Any]]:
    """Frames as chat.broadcast makes them of a short message, one for each number."""
    from chat import broadcast, feed

    (message,) = feed.post(
        on.spaces[0], on.people[0], text="frame-NUMBER! and a few words more", client_id=uuid.uuid4()
    )
    shown = broadcast.as_json(feed.load([message.pk])[0])

    def frame(number: int) -> dict[str, Any]:
        numbered = {**shown, "html": str(shown["html"]).replace("frame-NUMBER!", f"frame-{number}!")}
        kind = {"type": "message.changed", "space": on.spaces[0].pk, "revision": shown["revision"]}
        return {**kind, "message": numbered}

    return frame
