"""Answers that are being written, and their text on its way to browsers.

*Called by*: chat.engine. *Keeps true*: what is published is, in order and without gaps, what was taken in; the text
so far stands in Redis before any delta of it is sent, so that whoever joins can start from it.
"""

import asyncio
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field

import redis.asyncio
import structlog
from django.conf import settings

from chat import broadcast
from chat.blocks import Blocks, utf16_len
from chat.replies import Job

BEAT_SECONDS = 0.08
LIVE_TEXT_SECONDS = 900
RENDER_BUDGET_SECONDS = 0.01
_log = structlog.get_logger(__name__)


@dataclass
class Answer:
    """One answer in the making."""

    job: Job
    task: "asyncio.Task[None] | None" = None
    text_parts: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    sent_utf16: int = 0
    blocks: Blocks = field(default_factory=Blocks)
    is_dirty: bool = False
    is_stopping: bool = False
    is_lost: bool = False

    @property
    def text(self) -> str:
        if len(self.text_parts) > 1:
            self.text_parts = ["".join(self.text_parts)]
        return self.text_parts[0] if self.text_parts else ""

    def take(self, text: str) -> None:
        self.text_parts.append(text)
        self.fresh.append(text)
        self.is_dirty = True


class Wire:
    """Collects what all answers of this process have to say and sends it once a beat."""

    def __init__(self) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=2, max_connections=20
        )
        self._fresh: dict[uuid.UUID, Answer] = {}
        self._wake = asyncio.Event()
        self._quiet_until = 0.0

    def note(self, answer: Answer) -> None:
        """The answer has something new. Its first text does not wait for the beat."""
        self._fresh[answer.job.reply_id] = answer
        if answer.sent_utf16 == 0:
            self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), BEAT_SECONDS)
            except TimeoutError:
                pass
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        answers, self._fresh = list(self._fresh.values()), {}
        if not answers:
            return
        deltas: dict[uuid.UUID, list[dict[str, object]]] = defaultdict(list)
        appends: list[tuple[uuid.UUID, str]] = []
        for answer in answers:
            text = "".join(answer.fresh)
            answer.fresh.clear()
            if not text:
                continue
            job = answer.job
            deltas[job.space_id].append(
                {"reply": job.reply_id, "message": job.message_id, "at": answer.sent_utf16, "text": text}
            )
            appends.append((job.reply_id, text))
            answer.sent_utf16 += utf16_len(text)
        frames = [
            (broadcast.space_topic(space_id), {"type": "reply.deltas", "space": space_id, "deltas": rows})
            for space_id, rows in deltas.items()
        ]
        await self._send(frames + self._finished_blocks(answers), appends)

    async def forget(self, reply_id: uuid.UUID) -> None:
        self._fresh.pop(reply_id, None)
        try:
            await self._redis.expire(broadcast.live_key(reply_id), 60)
        except redis.RedisError:
            self._quiet_until = time.monotonic() + broadcast.QUIET_SECONDS

    async def subscribe(self, topic: str) -> redis.asyncio.client.PubSub:
        listener = self._redis.pubsub(ignore_subscribe_messages=True)
        await listener.subscribe(topic)
        return listener

    async def heartbeat(self, key: str, *, ttl_seconds: int) -> None:
        await self._redis.set(key, "1", ex=ttl_seconds)

    def _finished_blocks(self, answers: list[Answer]) -> list[tuple[str, dict[str, object]]]:
        # Rendering is bounded in each beat: text comes first, its finery when there is time.
        frames: list[tuple[str, dict[str, object]]] = []
        until = time.perf_counter() + RENDER_BUDGET_SECONDS
        for answer in answers:
            if time.perf_counter() > until:
                break
            text, covered = answer.text, answer.blocks.covered
            html = answer.blocks.advance(text)
            if html:
                start = utf16_len(text[:covered])
                job = answer.job
                block = {
                    "reply": job.reply_id,
                    "message": job.message_id,
                    "from": start,
                    "to": start + utf16_len(text[covered : answer.blocks.covered]),
                    "html": html,
                }
                frame = {"type": "reply.blocks", "space": job.space_id, "blocks": [block]}
                frames.append((broadcast.space_topic(job.space_id), frame))
        return frames

    async def _send(self, frames: list[tuple[str, dict[str, object]]], appends: list[tuple[uuid.UUID, str]]) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for reply_id, text in appends:
                    pipe.append(broadcast.live_key(reply_id), text)
                    pipe.expire(broadcast.live_key(reply_id), LIVE_TEXT_SECONDS)
                for topic, frame in frames:
                    pipe.publish(topic, broadcast.encode(frame))
                await pipe.execute()
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + broadcast.QUIET_SECONDS
            _log.warning("live.lost", frames=len(frames), error=type(error).__name__)
