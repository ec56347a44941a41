"""The promise of the feed, as a property: what was loaded, and what came since, equals a fresh load.

*Called by*: pytest. *Why* without processes: a thousand orders of events are tried, and the verbs are the same ones;
what they publish is heard on Redis itself.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace

import orjson
import pytest
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chat import (
    asking,
    broadcast,
    deletions,
    edits,
    feed,
    forwards,
    pins,
    places,
    profiles,
    reactions,
    replies,
    sweeper,
    threads,
)
from chat.models import Message, Reply
from chat.replies import Ending, Job
from gateway.wire import Try
from tests.flows.frames import Frames
from tests.flows.screen import Json, Screen
from workspace import spaces
from workspace.errors import Refused
from workspace.models import Space

ENDINGS = [Ending("finished"), Ending("failed", "cut"), Ending("stopped", "stopped"), Ending("finished", "length")]


@dataclass
class Life:
    """A Space in which things happen. Each action takes a number, which picks among what there is."""

    space: Space
    cast: SimpleNamespace
    sent: list[tuple[str, uuid.UUID]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def post(self, pick: int) -> None:
        self._post("Hello, **all**", uuid.uuid4())

    def ask_one(self, pick: int) -> None:
        self._post("@parrot what do you think?", uuid.uuid4())

    def ask_two(self, pick: int) -> None:
        self._post("@parrot and @owl, what do you think?", uuid.uuid4())

    def post_again(self, pick: int) -> None:
        if self.sent:
            feed.post(self.space, self.cast.ana, text=self.sent[pick % len(self.sent)][0],
                      client_id=self.sent[pick % len(self.sent)][1])  # fmt: skip

    def reply_in_thread(self, pick: int) -> None:
        self._reply_under(pick, "Under **it**")

    def reply_in_thread_and_feed(self, pick: int) -> None:
        self._reply_under(pick, "For all to see", in_feed=True)

    def ask_in_thread(self, pick: int) -> None:
        self._reply_under(pick, "@owl and @parrot?")

    def leave_thread(self, pick: int) -> None:
        if message := self._message(pick):
            threads.follow(threads.root_of(message, self.space), self.cast.ana, is_following=False)

    def claim(self, pick: int) -> None:
        if reply := self._reply(pick, "queued"):
            job = replies.claim(reply.pk)
            assert job
            job.metered.tries.append(
                Try(1 + job.metered.lost_tries, job.metered.route.targets[0], timezone.now(), "ok")
            )
            self.jobs.append(job)

    def checkpoint(self, pick: int) -> None:
        owned, _ = replies.checkpoint([(job.reply_id, job.fence, f"so far {pick}") for job in self.jobs])
        assert owned == {job.reply_id for job in self.jobs if self._owns(job)}

    def end(self, pick: int) -> None:
        if self.jobs:
            job = self.jobs.pop(pick % len(self.jobs))
            owns = self._owns(job)
            try:
                replies.end(job, text=f"*The end* {pick}" if pick % 3 else "", ending=ENDINGS[pick % len(ENDINGS)])
                assert owns
            except replies.LostFence:
                assert not owns

    def stop_queued(self, pick: int) -> None:
        if reply := self._reply(pick, "queued"):
            replies.stop(self.cast.ana, reply)

    def stop_streaming(self, pick: int) -> None:
        if reply := self._reply(pick, "streaming"):
            replies.stop(self.cast.ana, reply)

    def retry(self, pick: int) -> None:
        if reply := self._reply(pick, "stopped", "failed", "refused"):
            try:
                asking.retry(self.cast.ana, reply)
            except Refused:
                is_gone = reply.message.is_deleted or reply.question.is_deleted or self._is_archived
                assert is_gone or Reply.objects.filter(retry_of=reply).exists()

    def fall_silent_and_sweep(self, pick: int) -> None:
        if reply := self._reply(pick, "streaming"):
            Reply.objects.filter(pk=reply.pk).update(leased_until=Now())
        sweeper.sweep()

    def edit(self, pick: int) -> None:
        if message := self._message(pick, author=self.cast.ana):
            named = ("@parrot, is it?", "nobody is asked", "@mei knows")[pick % 3]
            edits.edit(self.cast.ana, message, text=f"{named} {pick}")

    def delete(self, pick: int) -> None:
        if message := self._message(pick):
            deletions.delete(self.cast.ana, message)

    def react(self, pick: int) -> None:
        if message := self._message(pick):
            reactions.toggle(self.cast.mei, message, emoji="👍🎉🥑"[pick % 3])

    def pin(self, pick: int) -> None:
        if message := self._message(pick):
            (pins.pin if message.pinned_at is None else pins.unpin)(self.cast.ana, message)

    def forward(self, pick: int) -> None:
        if message := self._message(pick):
            with suppress(Refused):  # an answer of which nothing is there
                forwards.forward(self.cast.ana, message, self.space, note="see this", client_id=uuid.uuid4())

    def call_mei(self, pick: int) -> None:
        self._post(f"@{self.cast.mei.handle}, look", uuid.uuid4())

    def change_a_handle(self, pick: int) -> None:
        mei = self.cast.mei
        self.cast.mei = profiles.change(mei, display_name="Mei", handle=f"mei-{pick % 3}", title=mei.title)

    def rename(self, pick: int) -> None:
        places.change_space(self.cast.ana, self.space, name=f"Room {pick}", is_private=False)

    def set_topic(self, pick: int) -> None:
        places.set_topic(self.cast.ana, self.space, f"Topic {pick}")

    def archive_or_restore(self, pick: int) -> None:
        verb = places.restore_space if pick % 3 else places.archive_space
        verb(self.cast.ana, self.space)

    def close_or_open(self, pick: int) -> None:
        places.change_space(self.cast.ana, self.space, name="Room", is_private=bool(pick % 2))

    def _live(self, action: str, pick: int) -> None:
        """Do it; an archived Space refuses what writes, a private one those outside."""
        try:
            getattr(self, action)(pick)
        except (spaces.Archived, spaces.ReadOnly):
            assert self._is_archived or Space.objects.get(pk=self.space.pk).is_private

    @property
    def _is_archived(self) -> bool:
        return Space.objects.exclude(archived_at=None).filter(pk=self.space.pk).exists()

    def _post(self, text: str, client_id: uuid.UUID) -> None:
        feed.post(self.space, self.cast.ana, text=text, client_id=client_id)
        self.sent.append((text, client_id))

    def _reply_under(self, pick: int, text: str, **where: bool) -> None:
        if message := self._message(pick):
            feed.post(self.space, self.cast.ben, text=text, client_id=uuid.uuid4(), parent=message, **where)

    def _message(self, pick: int, **wanted: object) -> Message | None:
        found = list(Message.objects.filter(space=self.space, deleted_at=None, **wanted).order_by("position"))
        return found[-1 - pick % len(found)] if found else None

    def _owns(self, job: Job) -> bool:
        return Reply.objects.filter(pk=job.reply_id, fence=job.fence, state="streaming").exists()

    def _reply(self, pick: int, *states: str) -> Reply | None:
        found = list(Reply.objects.filter(space=self.space, state__in=states).order_by("created_at", "pk"))
        return found[pick % len(found)] if found else None


ACTIONS = [name for name in vars(Life) if not name.startswith("_") and callable(getattr(Life, name))]
# What most of an answer's life is made of comes more often, or few of these lives would get far.
OFTEN = [
    "reply_in_thread",
    "ask_in_thread",
    "ask_one",
    "claim",
    "claim",
    "claim",
    "fall_silent_and_sweep",
    "end",
    "retry",
    "stop_streaming",
]


def as_sent(messages: list[Message]) -> list[Json]:
    return orjson.loads(orjson.dumps([broadcast.as_json(message) for message in messages], default=str))


def load(space: Space) -> Screen:
    """What a page shows, and every thread that could be open: the revision is read before the messages."""
    space = Space.objects.get(pk=space.pk)
    shown = feed.latest(space).messages
    for root in Message.objects.filter(space=space, thread__isnull=False):
        shown += [*feed.load([root.pk]), *threads.latest(root).messages]
    return Screen.of_page(space.revision, as_sent(shown), broadcast.space_facts(space))


def assert_same(screen: Screen, fresh: Screen, after: str = "") -> None:
    assert (screen.shown, screen.told) == (fresh.shown, fresh.told), after
    for root in {row["parent"] for row in fresh.messages.values() if row["parent"]}:
        assert screen.thread(root) == fresh.thread(root), after


def catch_up(screen: Screen, space: Space) -> None:
    found = feed.changes(space, since=screen.last)
    facts, messages = broadcast.space_facts(found.space), as_sent(found.messages)
    screen.changes({"revision": found.revision, "space": facts, "messages": messages, "reload": found.must_reload})


def follow(screen: Screen, frames: list[Json], space: Space) -> None:
    for frame in frames:
        if frame["type"] in ("message.changed", "space.changed"):
            screen.frame(frame)
            if screen.is_behind:
                catch_up(screen, space)


@pytest.fixture
def stage(committed_db: None, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    make_model("owl")
    return make_org()


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an example that fails is short enough to be read, and shrinking it would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(ACTIONS + OFTEN), st.integers(0, 9)), min_size=4, max_size=18),
    loaded_after=st.integers(0, 6),
    random=st.randoms(use_true_random=False),
)
def test_what_was_loaded_and_what_came_since_equals_a_fresh_load_whatever_was_lost_doubled_or_swapped(
    stage: SimpleNamespace, steps: list[tuple[str, int]], loaded_after: int, random: Random
) -> None:
    life = Life(spaces.create(stage.ana, name="Room", is_private=False), stage)
    frames = Frames(life.space)
    heard: list[Json] = []

    for name, pick in steps[:loaded_after]:
        life._live(name, pick)
    frames.take()
    faithful, forgetful, confused = load(life.space), load(life.space), load(life.space)
    for name, pick in steps[loaded_after:]:
        life._live(name, pick)
        came = frames.take()
        heard += came
        follow(faithful, came, life.space)
        follow(forgetful, [frame for frame in came if random.random() < 0.5], life.space)
        assert_same(faithful, load(life.space), after=name)
    frames.close()
    swapped = heard + random.sample(heard, len(heard) // 2)
    random.shuffle(swapped)
    follow(confused, swapped, life.space)
    if forgetful.last != Space.objects.get(pk=life.space.pk).revision:
        catch_up(forgetful, life.space)

    fresh = load(life.space)
    assert_same(forgetful, fresh)
    assert_same(confused, fresh)
    assert faithful.last <= fresh.last
    assert len({row[0] for row in fresh.shown.values()}) == len(fresh.shown)
