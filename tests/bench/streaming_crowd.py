"""Twenty streaming answers, read by a thousand people in twenty Spaces.

*Called by*: fanout.py. *Keeps true*: real answers from the worker, through Redis and the web process, to a thousand
sockets; each of them must see every token of its Space, once and in order.
"""

import asyncio
import time
from dataclasses import dataclass, field

import orjson
import uvloop

from tests.bench import machine, upstream
from tests.bench.clients import Browser, Reader, connect_all
from tests.bench.figures import Figure, of_times, tidy
from tests.bench.stage import CSRF, Stage, new_id, stage

SPACES, PEOPLE_EACH = 20, 50
EVERY_MS = 20
SECONDS, QUICK_SECONDS = 10, 4


@dataclass
class Audience:
    """What every socket saw. Frames are alike for all sockets of a Space, so each is parsed once."""

    late: list[float] = field(default_factory=list)
    tokens: dict[int, int] = field(default_factory=dict)
    known: dict[tuple[int, str], int] = field(default_factory=dict)
    gaps: int = 0
    here: set[int] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    _parsed: dict[bytes, list[tuple[str, int, int, list[float]]]] = field(default_factory=dict)

    def take(self, reader: Reader, payload: bytes) -> None:
        now = time.perf_counter()
        if payload.startswith(b'{"type":"reply.deltas"'):
            for reply, at, length, stamps in self._parse(payload):
                key = (id(reader), reply)
                self.gaps += self.known.get(key, 0) != at
                self.known[key] = at + length
                self.tokens[id(reader)] = self.tokens.get(id(reader), 0) + len(stamps)
                self.late += [now - stamp for stamp in stamps]
        elif payload.startswith(b'{"type":"space.subscribed"'):
            self.here.add(id(reader))
        elif b'"state":"finished"' in payload:
            self.ended.add(orjson.loads(payload)["message"]["id"])

    def _parse(self, payload: bytes) -> list[tuple[str, int, int, list[float]]]:
        if payload not in self._parsed:
            deltas = orjson.loads(payload)["deltas"]
            if len(self._parsed) > 1000:
                self._parsed.clear()
            self._parsed[payload] = [
                (delta["reply"], delta["at"], len(delta["text"]), list(upstream.stamps(delta["text"])))
                for delta in deltas
            ]
        return self._parsed[payload]


def measure_streaming(*, quick: bool) -> list[Figure]:
    spaces, seconds = (4, QUICK_SECONDS) if quick else (SPACES, SECONDS)
    with stage(people=spaces * PEOPLE_EACH, spaces=spaces) as on:
        handle = on.make_model(tokens=seconds * 1000 // EVERY_MS, every_ms=EVERY_MS)
        on.stack.start_web()
        on.stack.start_worker()
        cookies = [on.sign_in(member) for member in on.people]
        return uvloop.run(_measure(on, cookies, handle, seconds))


async def _measure(on: Stage, cookies: list[dict[str, str]], handle: str, seconds: int) -> list[Figure]:
    audience = Audience()
    readers = await connect_all(on.stack.url, on.socket_path, audience.take, cookies)
    for number, reader in enumerate(readers):
        reader.say(f'{{"type":"space.subscribe","space":"{on.spaces[number % len(on.spaces)].pk}"}}')
    deadline = time.perf_counter() + 60
    while len(audience.here) < len(readers) and time.perf_counter() < deadline:
        await asyncio.sleep(0.1)
    browsers = [await Browser(on.stack.url, jar, CSRF).open() for jar in cookies[: len(on.spaces)]]
    load = machine.Load(web=on.pid("web"), worker=on.pid("worker"))
    posts = [
        browser.post(f"{on.space_path(space)}messages/", text=f"@{handle} tell us", client_id=new_id())
        for browser, space in zip(browsers, on.spaces, strict=True)
    ]
    assert all(post.status == 201 for post in await asyncio.gather(*posts)), "a post was not accepted"
    deadline = time.perf_counter() + 3 * seconds + 20
    while len(audience.ended) < len(on.spaces) and time.perf_counter() < deadline:
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    load.stop()
    tokens = seconds * 1000 // EVERY_MS
    lost = sum(abs(tokens - audience.tokens.get(id(reader), 0)) for reader in readers) + audience.gaps
    lost += sum(reader.closed is not None for reader in readers)
    for connection in [*readers, *browsers]:
        connection.close()
    name = f"{len(on.spaces)} streaming answers to {len(readers)} people"
    return [
        *of_times(f"{name}: text late", audience.late, p95=250),
        Figure(f"{name}: tokens lost, doubled or out of order", lost, "", 0),
        Figure(f"{name}: web CPU", tidy(100 * load.cpu["web"] / load.seconds), "% of a core"),
        Figure(f"{name}: worker CPU", tidy(100 * load.cpu["worker"] / load.seconds), "% of a core"),
        Figure(f"{name}: other CPU", tidy(load.other_percent), "% of a core"),
    ]
