"""The hub, on a real Redis."""

import asyncio
import uuid

from chat import broadcast
from chat.hub import Hub


class Ear:
    def __init__(self) -> None:
        self.frames: list[str] = []

    def offer(self, frame: str) -> None:
        self.frames.append(frame)

    def control(self, frame: dict) -> None:
        self.frames.append(frame["type"])


async def heard(ear: Ear, count: int) -> None:
    async with asyncio.timeout(5):
        while len(ear.frames) < count:
            await asyncio.sleep(0.01)


async def test_a_hub_that_was_long_quiet_still_delivers() -> None:
    hub, ear, space = Hub(quiet_seconds=0.05), Ear(), uuid.uuid4()
    await hub.join([broadcast.space_topic(space)], ear)

    await asyncio.sleep(0.3)
    await asyncio.to_thread(broadcast.publish, [(broadcast.space_topic(space), {"type": "x"})])

    await heard(ear, 1)
    assert ear.frames == ['{"type":"x"}']
    await hub.close()


async def test_frames_of_a_topic_arrive_in_order_and_only_there() -> None:
    hub, here, there = Hub(), Ear(), Ear()
    topics = [broadcast.space_topic(uuid.uuid4()) for _ in range(2)]
    await hub.join([topics[0]], here)
    await hub.join([topics[1]], there)

    await asyncio.to_thread(broadcast.publish, [(topics[0], {"n": n}) for n in range(200)])

    await heard(here, 200)
    assert here.frames == [f'{{"n":{n}}}' for n in range(200)]
    assert there.frames == []
    await hub.leave([topics[0]], here)
    await asyncio.to_thread(broadcast.publish, [(topic, {"n": 200}) for topic in topics])
    await heard(there, 1)
    assert len(here.frames) == 200
    await hub.close()
