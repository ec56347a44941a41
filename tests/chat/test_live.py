"""Text on its way to browsers: in order, without gaps, and in Redis before it is sent."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import redis.asyncio
from django.conf import settings

from chat import broadcast
from chat.live import ENDED_TEXT_SECONDS, Answer, Wire
from chat.replies import Job

MANY = 60


class Ear:
    """Everything that is published to Spaces while a test runs."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client
        self.listener = client.pubsub(ignore_subscribe_messages=True)

    async def deltas(self, reply_id: uuid.UUID) -> list[tuple[int, str]]:
        """Where each piece of the answer's text was said to begin, and the piece."""
        found = []
        while message := await self.listener.get_message(timeout=0.3):
            for delta in orjson.loads(message["data"]).get("deltas", ()):
                if delta["reply"] == str(reply_id):
                    found.append((delta["at"], delta["text"]))
        return found

    async def kept(self, answer: Answer) -> str:
        text: Any = await self.client.get(broadcast.live_key(answer.job.reply_id, answer.job.fence))
        return (text or b"").decode()


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        one = Ear(client)
        await one.listener.psubscribe("space:*")
        await one.listener.get_message(timeout=1)
        yield one
        await one.listener.aclose()  # type: ignore[no-untyped-call]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made._redis.aclose()


def answer_of(space_id: uuid.UUID) -> Answer:
    nothing: Any = None
    return Answer(Job(uuid.uuid4(), uuid.uuid4(), space_id, uuid.uuid4(), 1, nothing, nothing, False))


def take(wire: Wire, answer: Answer, text: str) -> None:
    answer.take(text)
    wire.note(answer)


def joined(pieces: list[tuple[int, str]]) -> str:
    """The text, if each piece begins where the last one ended."""
    text = ""
    for at, piece in pieces:
        assert at == len(text)
        text += piece
    return text


async def test_beats_and_endings_side_by_side_keep_every_text_in_order(wire: Wire, ear: Ear) -> None:
    space_id = uuid.uuid4()
    answers = [answer_of(space_id) for _ in range(10)]

    async def speak(answer: Answer) -> None:
        sending = []
        for number in range(50):
            take(wire, answer, f"{number} ")
            sending.append(asyncio.create_task(wire.flush([answer] if number % 2 else None)))
            await asyncio.sleep(0)
        await asyncio.gather(*sending)

    await asyncio.gather(*(speak(answer) for answer in answers))

    heard = await ear.deltas(answers[0].job.reply_id)
    assert joined(heard) == answers[0].text == await ear.kept(answers[0])


async def test_many_answers_that_end_at_once_silence_nobody(wire: Wire, ear: Ear) -> None:
    talking, ending = answer_of(uuid.uuid4()), [answer_of(uuid.uuid4()) for _ in range(MANY)]
    for answer in ending:
        take(wire, answer, "done")
    await wire.flush()

    for answer in ending:
        wire.forget(answer.job)
    take(wire, talking, "still here")
    await wire.flush()

    assert joined(await ear.deltas(talking.job.reply_id)) == "still here"
    lives = [await ear.client.ttl(broadcast.live_key(one.job.reply_id, 1)) for one in [*ending, talking]]
    assert all(0 < life <= ENDED_TEXT_SECONDS for life in lives[:-1])
    assert lives[-1] > ENDED_TEXT_SECONDS


async def test_a_text_that_redis_lost_is_never_there_with_a_hole_and_soon_whole_again(wire: Wire, ear: Ear) -> None:
    answer = answer_of(uuid.uuid4())
    take(wire, answer, "one ")
    await wire.flush()

    await ear.client.delete(broadcast.live_key(answer.job.reply_id, 1))
    seen = []
    for word in ("two ", "three "):
        take(wire, answer, word)
        await wire.flush()
        seen.append(await ear.kept(answer))

    assert seen == ["", "one two three "]
    assert joined(await ear.deltas(answer.job.reply_id)) == "one two three "


async def test_what_begins_is_sent_and_what_goes_on_follows_with_the_beat(wire: Wire, ear: Ear) -> None:
    early, late = answer_of(uuid.uuid4()), answer_of(uuid.uuid4())
    running = asyncio.create_task(wire.run())
    take(wire, early, "first ")
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        while early.sent_utf16 < len("first "):
            await asyncio.sleep(0.001)
        take(wire, early, "second")
        take(wire, late, "me too")
        while late.sent_utf16 == 0 or early.sent_utf16 < len("first second"):
            await asyncio.sleep(0.001)
    running.cancel()

    assert joined(await ear.deltas(early.job.reply_id)) == "first second"
