"""Answers that are being written, and their text on its way to browsers.

*Called by*: chat.engine. *Keeps true*: what is published is, in order and without gaps, what was taken in; the text
so far stands in Redis before any delta of it is sent, so that whoever joins can start from it; nothing is published
by a worker whose lease may have run out.
"""

import asyncio
import math
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chat import broadcast
from chat.blocks import Blocks, utf16_len
from chat.replies import Job

BEAT_SECONDS = 0.08
LIVE_TEXT_SECONDS = 900
ENDED_TEXT_SECONDS = 60
RENDER_BUDGET_SECONDS = 0.01
# One command, because reading hundreds of replies costs more than sending them. KEYS: texts that grow, then those of
# answers that have ended. ARGV: how many grow, and both lives in seconds; for each that grows the length that it should
# have and what to append to it, or -1 and the whole; then topics and frames. Returns each length as it is now. A text
# with a hole in it is taken away, so that nobody starts from it.
BEAT = """
local lengths, at = {}, 4
for number = 1, tonumber(ARGV[1]) do
  local key, before, text = KEYS[number], tonumber(ARGV[at]), ARGV[at + 1]
  if before < 0 then
    redis.call('SET', key, text)
    lengths[number] = #text
  elseif redis.call('STRLEN', key) == before then
    lengths[number] = redis.call('APPEND', key, text)
  else
    redis.call('DEL', key)
    lengths[number] = -1
  end
  redis.call('EXPIRE', key, ARGV[2])
  at = at + 2
end
for number = ARGV[1] + 1, #KEYS do
  redis.call('EXPIRE', KEYS[number], ARGV[3])
end
for place = at, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[place], ARGV[place + 1])
end
return lengths
"""
_log = structlog.get_logger(__name__)


@dataclass
class Answer:
    """One answer in the making."""

    job: Job
    task: "asyncio.Task[None] | None" = None
    text_parts: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    sent_utf16: int = 0
    live_bytes: int = 0
    is_live_whole: bool = True
    owned_until: float = math.inf
    blocks: Blocks = field(default_factory=Blocks)
    # Whether a line has ended after the finished blocks: only then can another block have.
    is_lined: bool = False
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
        self.is_lined = self.is_lined or "\n" in text

    def own(self, *, since: float) -> None:
        """The lease was taken or renewed by a statement sent at `since` (time.monotonic, which a stopped process cannot
        stop): until it runs out nobody else writes this answer."""
        self.owned_until = since + settings.REPLY_LEASE_SECONDS


class Wire:
    """Collects what all answers of this process have to say and sends it once a beat."""

    def __init__(self) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=0.5,
            socket_timeout=2,
            max_connections=20,
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        )
        self._beat = self._redis.register_script(BEAT)
        self._fresh: dict[uuid.UUID, Answer] = {}
        self._ended: list[str] = []
        self._wake = asyncio.Event()
        self._sending = asyncio.Lock()
        self._quiet_until = 0.0

    def note(self, answer: Answer) -> None:
        """The answer has something new. Its first text does not wait for the beat."""
        self._fresh[answer.job.reply_id] = answer
        if answer.sent_utf16 == 0:
            self._wake.set()

    async def run(self) -> None:
        """Send once a beat; between beats only what begins, so that many who begin do not cost the others theirs."""
        loop = asyncio.get_running_loop()
        beat_at = 0.0
        while True:
            if loop.time() >= beat_at:
                beat_at = loop.time() + BEAT_SECONDS
                await self.flush()
            try:
                async with asyncio.timeout_at(beat_at):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()
            await self.flush([answer for answer in self._fresh.values() if answer.sent_utf16 == 0])

    async def flush(self, answers: Sequence[Answer] | None = None) -> None:
        """Send what is new, of all answers or of these. Two senders at once would overtake each other."""
        async with self._sending:
            now = time.monotonic()
            chosen = self._fresh.values() if answers is None else [answer for answer in answers if answer.fresh]
            owned = [answer for answer in chosen if answer.owned_until > now]
            if owned or self._ended:
                await self._flush(owned)

    async def _flush(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self._fresh.pop(answer.job.reply_id, None)
        deltas: dict[uuid.UUID, list[dict[str, object]]] = defaultdict(list)
        grown: list[tuple[Answer, str]] = []
        for answer in answers:
            text = "".join(answer.fresh)
            answer.fresh.clear()
            if not text:
                continue
            job = answer.job
            deltas[job.space_id].append(
                {"reply": job.reply_id, "message": job.message_id, "at": answer.sent_utf16, "text": text}
            )
            grown.append((answer, text))
            answer.sent_utf16 += utf16_len(text)
        frames = [
            (broadcast.space_topic(space_id), {"type": "reply.deltas", "space": space_id, "deltas": rows})
            for space_id, rows in deltas.items()
        ]
        await self._send(frames + self._finished_blocks(answers), grown)

    def forget(self, job: Job) -> None:
        """The answer has ended: its text in Redis is of no use for much longer, which the next beat says."""
        self._fresh.pop(job.reply_id, None)
        self._ended.append(broadcast.live_key(job.reply_id, job.fence))

    async def subscribe(self, topic: str) -> redis.asyncio.client.PubSub:
        listener = self._redis.pubsub(ignore_subscribe_messages=True)
        await listener.subscribe(topic)
        return listener

    async def heartbeat(self, key: str, *, ttl_seconds: int) -> None:
        await self._redis.set(key, "1", ex=ttl_seconds)

    async def say(self, job: Job, sentence: str) -> None:
        """Tell why nothing is visible yet. Shown until the first text; never stored."""
        frame = {"reply": job.reply_id, "message": job.message_id, "sentence": sentence}
        topic = broadcast.space_topic(job.space_id)
        async with self._sending:
            await self._send([(topic, {"type": "reply.note", "space": job.space_id, **frame})], [])

    def _finished_blocks(self, answers: Sequence[Answer]) -> list[tuple[str, dict[str, object]]]:
        # Rendering is bounded in each beat: text comes first, its finery when there is time.
        frames: list[tuple[str, dict[str, object]]] = []
        until = time.perf_counter() + RENDER_BUDGET_SECONDS
        for answer in answers:
            if time.perf_counter() > until:
                break
            if not answer.is_lined:
                continue
            text, covered = answer.text, answer.blocks.covered
            html = answer.blocks.advance(text)
            if html:
                answer.is_lined = "\n" in text[answer.blocks.covered :]
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

    async def _send(self, frames: list[tuple[str, dict[str, object]]], grown: list[tuple[Answer, str]]) -> None:
        """Publish, after the text in Redis. Where that may have a hole (Redis was away, or restarted, or emptied) the
        next beat puts the whole text there again."""
        was_whole = [answer.is_live_whole for answer, _ in grown]
        for answer, _ in grown:
            answer.is_live_whole = False
        if time.monotonic() < self._quiet_until:
            return
        keys = [broadcast.live_key(answer.job.reply_id, answer.job.fence) for answer, _ in grown]
        ended, self._ended = self._ended, []
        said: list[str | bytes | int] = [len(keys), LIVE_TEXT_SECONDS, ENDED_TEXT_SECONDS]
        for (answer, text), is_whole in zip(grown, was_whole, strict=True):
            said += _kept(answer, text, is_whole=is_whole)
        for topic, frame in frames:
            said += [topic, broadcast.encode(frame)]
        try:
            lengths = await self._beat(keys=keys + ended, args=said)
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + broadcast.QUIET_SECONDS
            _log.warning("live.lost", frames=len(frames), error=type(error).__name__)
            return
        for (answer, _), length in zip(grown, lengths, strict=True):
            answer.is_live_whole = length == answer.live_bytes


def _kept(answer: Answer, text: str, *, is_whole: bool) -> tuple[int, bytes]:
    """What to keep in Redis: the length it should have and what is new, or -1 and the whole text."""
    before, raw = (answer.live_bytes, text.encode()) if is_whole else (-1, answer.text.encode())
    answer.live_bytes = max(before, 0) + len(raw)
    return before, raw
