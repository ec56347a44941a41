"""Turns: how many requests run at once, of everybody and of one, and what is answered all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from config.pages import PROBES, Pages
from config.turns import AT_ONCE, AT_ONCE_EACH, WAITING_EACH, Crowded, Turns


@pytest.fixture
async def held() -> AsyncIterator[AsyncExitStack]:
    """Places that a test takes, given back in the end."""
    async with AsyncExitStack() as stack:
        yield stack


class Guest:
    """Somebody who asks for a place and keeps it."""

    def __init__(self, turns: Turns, session: str) -> None:
        self.is_in, self._may_go = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._visit(turns, session))

    async def _visit(self, turns: Turns, session: str) -> None:
        async with turns.of(session):
            self.is_in.set()
            await self._may_go.wait()

    async def leave(self) -> None:
        self._may_go.set()
        await self.task


async def seated(guests: list[Guest]) -> int:
    """How many are in, once everybody has had the loop."""
    for _ in range(10):
        await asyncio.sleep(0)
    return sum(guest.is_in.is_set() for guest in guests)


async def test_one_person_takes_a_share_of_the_places_and_the_rest_wait_without_one() -> None:
    turns = Turns()
    turns.learn("phone", "ana")
    turns.learn("laptop", "ana")

    hers = [Guest(turns, session) for session in ("phone", "laptop") * AT_ONCE]
    assert await seated(hers) == AT_ONCE_EACH
    others = [Guest(turns, f"session {number}") for number in range(AT_ONCE - AT_ONCE_EACH)]
    assert await seated(others) == len(others)

    for guest in [*hers, *others]:
        await guest.leave()
    assert await seated([again := Guest(turns, "phone")]) == 1
    await again.leave()


async def test_who_waits_for_more_than_anybody_needs_is_refused() -> None:
    turns = Turns()
    hers = [Guest(turns, "phone") for _ in range(AT_ONCE_EACH + WAITING_EACH)]
    await seated(hers)

    async with asyncio.timeout(60):  # where nobody refuses, one would wait for ever
        with pytest.raises(Crowded):
            async with turns.of("phone"):
                pass

    for guest in hers:
        await guest.leave()


async def ask(pages: Pages, path: str, cookie: str = "") -> int:
    """The status of the answer."""
    sent: list[dict[str, Any]] = []
    body = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not body.is_set():
            body.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"cookie", cookie.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await pages(scope, receive, send)
    return int(sent[0]["status"])


async def test_probes_are_answered_while_all_places_are_taken(held: AsyncExitStack) -> None:
    pages = Pages()
    for number in range(AT_ONCE):
        await held.enter_async_context(pages.turns.of(f"session {number}"))

    async with asyncio.timeout(60):
        assert await ask(pages, PROBES[0]) == 200
    page = asyncio.create_task(ask(pages, "/accounts/login/"))
    await seated([])
    assert not page.done()
    page.cancel()


async def test_a_page_says_too_many_to_who_asks_for_too_many(held: AsyncExitStack) -> None:
    pages = Pages()
    hers = [Guest(pages.turns, "phone") for _ in range(AT_ONCE_EACH + WAITING_EACH)]
    await seated(hers)

    async with asyncio.timeout(60):
        assert await ask(pages, "/accounts/login/", "parley=phone") == 429

    for guest in hers:
        await guest.leave()
