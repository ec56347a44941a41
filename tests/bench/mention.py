"""From a mention to the provider, and from the provider to another member's screen.

*Called by*: `__main__.py`. *Keeps true*: real web and worker processes, real forms over HTTP with a session; the
times are taken where the bytes leave and arrive, outside of Parley.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass, field

import orjson
import uvloop

from tests.bench import upstream
from tests.bench.clients import Browser, Posted, Reader
from tests.bench.figures import Figure, of_times, tidy
from tests.bench.machine import Load
from tests.bench.stage import CSRF, Stage, new_id, stage

TOKENS, EVERY_MS = 40, 20
CROWD = 10
WARM_UP = 8
_marks = itertools.count(1)


@dataclass
class Watched:
    """What another member's socket received: how late each answer's first text was, and the gaps between updates."""

    first_late: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def take(self, _: Reader, payload: bytes) -> None:
        now = time.perf_counter()
        frame = orjson.loads(payload)
        if frame["type"] == "message.changed" and frame["message"]["state"] in ("finished", "failed", "refused"):
            self.ended.add(frame["message"]["id"])
        if frame["type"] != "reply.deltas":
            return
        for delta in frame["deltas"]:
            if delta["reply"] in self.last:
                self.gaps.append(now - self.last[delta["reply"]])
            else:
                self.first_late.append(now - next(upstream.stamps(delta["text"])))
            self.last[delta["reply"]] = now


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    rounds = 10 if quick else 50
    with stage(people=CROWD + 1, spaces=CROWD) as on:
        on.make_model(tokens=TOKENS, every_ms=EVERY_MS)
        on.stack.start_web()
        on.stack.start_worker()
        cookies = [on.sign_in(member) for member in on.people]
        return uvloop.run(_measure(on, cookies, rounds))


async def _measure(on: Stage, cookies: list[dict[str, str]], rounds: int) -> list[Figure]:
    browsers = [await Browser(on.stack.url, jar, CSRF).open() for jar in cookies[1:]]
    watched = Watched()
    watcher = await Reader.connect(on.stack.url, on.socket_path, watched.take, cookies[0])
    for space in on.spaces:
        watcher.say(f'{{"type":"space.subscribe","space":"{space.pk}"}}')
    await _round(on, browsers[:1], on.spaces[:1], watched, WARM_UP)
    await _round(on, browsers, on.spaces, watched, 2)
    watched.first_late.clear()
    watched.gaps.clear()

    load = Load(web=on.pid("web"), worker=on.pid("worker"))
    figures = _figures("one at a time", await _round(on, browsers[:1], on.spaces[:1], watched, rounds), on, 25)
    figures += of_times("provider's first byte to another member's socket, one at a time", watched.first_late, p50=10)
    figures += of_times("between later updates", watched.gaps)
    watched.first_late.clear()
    crowds = max(rounds // 4, 3)
    figures += _figures(
        f"{CROWD} at once, {CROWD} Spaces", await _round(on, browsers, on.spaces, watched, crowds), on, 60
    )
    figures += of_times(f"provider's first byte to another member's socket, {CROWD} at once", watched.first_late)
    same = [on.spaces[0]] * CROWD
    figures += _figures(f"{CROWD} at once, one Space", await _round(on, browsers, same, watched, crowds), on, None)
    load.stop()
    for process, seconds in load.cpu.items():
        figures.append(Figure(f"CPU a mention, {process}", tidy(seconds * 1000 / (rounds + 20 * crowds)), "ms"))
    for browser in browsers:
        browser.close()
    watcher.close()
    return [*figures, Figure("other CPU", tidy(load.other_percent), "% of a core")]


async def _round(
    on: Stage, browsers: list[Browser], spaces: list[object], watched: Watched, rounds: int
) -> dict[int, Posted]:
    """Everyone mentions the model at once, and again when all answers have ended."""
    handle = f"tokens-{TOKENS}-{EVERY_MS}"
    found: dict[int, Posted] = {}
    for _ in range(rounds):
        watched.ended.clear()
        watched.last.clear()
        marks = [next(_marks) for _ in browsers]
        posts = [
            browser.post(f"{on.space_path(space)}messages/", text=f"@{handle} what is mark{mark}?", client_id=new_id())
            for browser, space, mark in zip(browsers, spaces, marks, strict=True)
        ]
        found |= dict(zip(marks, await asyncio.gather(*posts), strict=True))
        deadline = time.perf_counter() + 30
        while len(watched.ended) < len(browsers) and time.perf_counter() < deadline:
            await asyncio.sleep(0.05)
    assert all(post.status == 201 for post in found.values()), "a post was not accepted"
    return found


def _figures(crowd: str, posted: dict[int, Posted], on: Stage, target_ms: int | None) -> list[Figure]:
    called = on.upstream.arrivals()
    by: dict[str, list[float]] = defaultdict(list)
    for mark, post in posted.items():
        by["answered"].append(post.answered_at - post.sent_at)
        by["accepted"].append(max(called[mark] - post.answered_at, 0.0))
        by["sent"].append(called[mark] - post.sent_at)
    return [
        *of_times(f"post accepted to provider called, {crowd}", by["accepted"], p50=target_ms),
        *of_times(f"post sent to provider called, {crowd}", by["sent"]),
        *of_times(f"post sent to accepted, {crowd}", by["answered"]),
    ]
