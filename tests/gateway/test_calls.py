"""One call: the route tried in order until somebody answers."""

import asyncio

import pytest

from gateway import calls
from gateway.errors import CallFailed
from gateway.wire import Delta, Event, Finished, Request, Route, Served, Target, Try, Turn, Waiting
from tests.doubles.provider import Script, ScriptedProvider

QUESTION = Request((Turn("user", "hi"),), 100)


def route(provider: ScriptedProvider, *models: str) -> Route:
    return Route(tuple(Target(n, f"host{n}", f"Host {n}", provider.url, model, "sk") for n, model in enumerate(models)))


async def call(way: Route, tries: list[Try]) -> list[Event]:
    try:
        return [event async for event in calls.stream(QUESTION, way, tries)]
    finally:
        # A client belongs to the loop that opened it, and every test has a loop of its own.
        if dialect := calls._dialects.pop(id(asyncio.get_running_loop()), None):
            await dialect.close()


def outcomes(tries: list[Try]) -> list[tuple[int, str, str]]:
    return [(note.number, note.target.provider, note.outcome) for note in tries]


async def test_who_serves_is_said_once_before_the_first_word(provider: ScriptedProvider) -> None:
    provider.script("one", Script(deltas=2))
    way, tries = route(provider, "one"), list[Try]()

    events = await call(way, tries)

    assert events[0] == Served(way.targets[0], 1)
    assert [type(event) for event in events].count(Served) == 1
    assert events[-1] == Finished("stop")
    assert outcomes(tries) == [(1, "host0", "ok")]
    assert tries[0].first_token_ms is not None and tries[0].duration_ms >= tries[0].first_token_ms
    assert (tries[0].output_bytes, tries[0].usage and tries[0].usage.completion) == (12, 2)


async def test_the_next_target_is_asked_when_one_refuses(provider: ScriptedProvider) -> None:
    provider.script("one", Script(status=401))
    provider.script("two", Script(raw="data: {no\n\n"))
    provider.script("three", Script(deltas=1))
    tries: list[Try] = []

    events = await call(route(provider, "one", "two", "three"), tries)

    assert [event.text for event in events if isinstance(event, Delta)] == ["word0 "]
    assert outcomes(tries) == [(1, "host0", "provider_auth"), (2, "host1", "bad_answer"), (3, "host2", "ok")]
    assert [len(provider.calls(model)) for model in ("one", "two", "three")] == [1, 1, 1]


async def test_nobody_else_is_asked_once_a_word_is_visible(provider: ScriptedProvider) -> None:
    provider.script("one", Script(deltas=2, end="cut"))
    provider.script("two", Script())
    tries: list[Try] = []

    with pytest.raises(CallFailed) as failed:
        await call(route(provider, "one", "two"), tries)

    assert failed.value.code == "cut"
    assert outcomes(tries) == [(1, "host0", "cut")]
    assert provider.calls("two") == []


async def test_a_busy_provider_is_asked_again_after_the_pause_that_it_asked_for(provider: ScriptedProvider) -> None:
    busy = Script(status=429, headers={"Retry-After": "0.05"})
    provider.script("one", busy, busy, Script(deltas=1))
    tries: list[Try] = []

    events = await call(route(provider, "one"), tries)

    assert [event for event in events if isinstance(event, Waiting)] == [Waiting("provider_busy", 0.05)] * 2
    assert outcomes(tries) == [(1, "host0", "provider_busy"), (2, "host0", "provider_busy"), (3, "host0", "ok")]


async def test_a_provider_that_stays_busy_is_given_up_after_three_tries_for_the_next(
    provider: ScriptedProvider,
) -> None:
    provider.script("one", Script(status=429, headers={"Retry-After": "0"}))
    provider.script("two", Script(deltas=1))
    tries: list[Try] = []

    await call(route(provider, "one", "two"), tries)

    assert [note.outcome for note in tries] == ["provider_busy"] * 3 + ["ok"]


async def test_a_pause_that_is_longer_than_anybody_waits_is_not_waited_for(
    provider: ScriptedProvider, settings: pytest.FixtureRequest
) -> None:
    settings.FIRST_BYTE_SECONDS = 2  # type: ignore[attr-defined]
    provider.script("one", Script(status=429, headers={"Retry-After": "50"}))
    tries: list[Try] = []

    with pytest.raises(CallFailed) as failed:
        await call(route(provider, "one"), tries)

    assert (failed.value.code, len(tries)) == ("provider_busy", 1)


async def test_a_route_to_nowhere_says_so() -> None:
    with pytest.raises(CallFailed) as failed:
        await call(Route(()), [])

    assert failed.value.sentence == "No provider of this model is switched on."


async def test_whoever_stops_listening_leaves_a_try_that_says_so(provider: ScriptedProvider) -> None:
    provider.script("one", Script(deltas=10_000, every_ms=5))
    tries: list[Try] = []
    task = asyncio.create_task(call(route(provider, "one"), tries))
    async with asyncio.timeout(10):
        while not (tries and tries[0].output_bytes):
            await asyncio.sleep(0.01)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert outcomes(tries) == [(1, "host0", "cancelled")]
    assert tries[0].duration_ms > 0


async def test_tries_are_numbered_on_from_those_of_an_earlier_worker(provider: ScriptedProvider) -> None:
    provider.script("one", Script(deltas=1))
    tries: list[Try] = []

    async for _ in calls.stream(QUESTION, route(provider, "one"), tries, after=2):
        pass
    if dialect := calls._dialects.pop(id(asyncio.get_running_loop()), None):
        await dialect.close()

    assert [note.number for note in tries] == [3]
