"""A Space and its pool through any story: asked, begun, finished, stopped, killed, swept; each costs what a model says.

*Why* a provider does not take part: what it reported is a fact here, and reaches the verbs as the gateway hands it on.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as product
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from billing import ledger, metering
from catalog.models import Provider
from chat import feed, replies, sweeper
from chat.models import Reply
from gateway.wire import Try, Usage
from tests.billing import scratch
from tests.billing.pool_model import Used
from tests.billing.pool_story import PoolStory, verb
from tests.billing.test_pool_story import QUIET, played
from workspace import orgs, spaces
from workspace.models import Org, User

__all__ = ["played"]

PLENTY_UCR = 20_000_000
texts = st.sampled_from(["", "Short.", "A longer answer. " * 40])
handles = st.sampled_from(["pro", "fast", "nano"])


class ChatStory(PoolStory):
    """The story of a pool, and on top of it a Space in which models are asked."""

    def _make_org(self) -> Org:
        person = User.objects.create(email=f"ana@{uuid4().hex}.example.com", name="Ana")
        self.ana = orgs.found(person, name="Juniper")
        self.jobs: dict[UUID, replies.Job] = {}
        return self.ana.org

    @property
    def space(self) -> Any:
        if not hasattr(self, "_space"):
            self._space = spaces.create(self.ana, name="General", is_private=False)
        return self._space

    @verb(8, names=st.lists(handles, min_size=1, max_size=2, unique=True), is_sent_twice=st.booleans())
    def post(self, names: list[str], is_sent_twice: bool) -> None:
        if self.pool.free < PLENTY_UCR and self.data.draw(st.sampled_from([True, True, False]), label="is helped"):
            self.grant(PLENTY_UCR, "topup", None)
        client_id, text = uuid4(), " ".join(f"@{name}" for name in names) + " what is this?"
        for _ in range(1 + is_sent_twice):
            posted = feed.post(self.space, self.ana, text=text, client_id=client_id)
        asked = Reply.objects.filter(question=posted[0]).select_related("ai_model").order_by("message__position")
        assert [reply.ai_model.handle for reply in asked] == names
        for reply in asked:
            who = {"member": self.ana.pk, "space": self.space.pk, "key": None}
            size = reply.input_bound, reply.max_output_tokens, ledger.MIN_OUTPUT_TOKENS, metering.HOLD_SECONDS
            self.reserved.add(reply.call)
            told = self.pool.hold(reply.call, who, self._prices(reply.ai_model.handle), *size)
            assert (reply.state == "queued") == (told == "held")

    @verb(8)
    def begin(self) -> None:
        for reply in self._some("queued"):
            job = replies.claim(reply.pk)
            assert bool(job) == (self.pool.calls[reply.call].state == "open")
            assert replies.claim(reply.pk) is None
            if job:
                self.jobs[reply.pk] = job

    @verb(text=texts)
    def write_on(self, text: str) -> None:
        for reply in self._some("streaming"):
            owned, _stopped = replies.checkpoint([(reply.pk, self.jobs[reply.pk].fence, text)])
            assert owned == {reply.pk}
            self.pool.extend([reply.call], metering.HOLD_SECONDS)

    @verb(8, text=texts, prompt=st.integers(0, 4_000), completion=st.integers(0, 4_000), is_told=st.booleans())
    def finish(self, text: str, prompt: int, completion: int, is_told: bool) -> None:
        """With the usage that the provider reported, or with none."""
        for reply in self._some("streaming"):
            job = self.jobs.pop(reply.pk)
            usage = Usage(prompt, completion) if is_told else None
            note = Try(1 + job.metered.lost_tries, job.metered.route.targets[0], timezone.now(), "ok", usage=usage)
            note.output_bytes = len(text)
            job.metered.tries.append(note)
            replies.end(job, text=text, ending=replies.Ending("finished"))
            with pytest.raises(replies.LostFence):
                replies.end(job, text=text, ending=replies.Ending("finished"))
            is_reported = usage is not None and (completion > 0 or (prompt > 0 and not text))
            sizes = (prompt, completion) if is_reported else (0, -(-len(text) // 4))
            self._settle(reply, *sizes, is_delivered=bool(text), source="reported" if is_reported else "estimated")

    @verb(is_begun=st.booleans())
    def stop(self, is_begun: bool) -> None:
        for reply in self._some("streaming" if is_begun else "queued"):
            replies.stop(self.ana, reply)
            if not is_begun:
                self.pool.settle(reply.call, [], {}, {})

    @verb(2)
    def kill(self) -> None:
        """Every worker falls silent, and the sweeper ends what they left."""
        left = list(Reply.objects.filter(org=self.org, state="streaming").select_related("message"))
        self.jobs.clear()
        self._jump(self.clock.now + timedelta(seconds=product.REPLY_LEASE_SECONDS + 1))
        waiting = sweeper.sweep()
        self.pool.extend([f"reply:{reply_id}" for reply_id in waiting], metering.HOLD_SECONDS)
        for reply in left:
            text = reply.message.text
            if text or reply.runs >= replies.RUNS_MAX or reply.stop_asked_by_id:
                is_late = self.pool.calls[reply.call].state == "reaped"
                sizes = -(-reply.reads_bytes // 4), -(-len(text) // 4)
                assert is_late or self.pool.calls[reply.call].state == "open"
                self._settle(reply, *sizes, is_delivered=bool(text), source="estimated")

    def _some(self, state: str) -> list[Reply]:
        """One answer in this state, or none."""
        found = list(Reply.objects.filter(org=self.org, state=state).order_by("message__position"))
        return [self.data.draw(st.sampled_from(found))] if found else []

    def _settle(self, reply: Reply, prompt: int, completion: int, *, is_delivered: bool, source: str) -> None:
        call = self.pool.calls[reply.call]
        used = Used(next(iter(call.prices)), prompt, 0, 0, completion, is_delivered=is_delivered, source=source)
        assert self.pool.settle(reply.call, [used], {}, {})
        assert Reply.objects.get(pk=reply.pk).cost_ucr == call.charged


@pytest.fixture
def chatting(played: scratch.Scratch, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SCRIPTED_KEY", "secret")
    with django_db_blocker.unblock():
        Provider.objects.update(api_base="http://127.0.0.1:9", env_names=["SCRIPTED_KEY"])
        yield


def test_any_story_of_a_chat_costs_what_the_model_says(chatting: None) -> None:
    run_state_machine_as_test(ChatStory, settings=settings(QUIET, max_examples=5, stateful_step_count=50))


@pytest.mark.nightly
def test_thousands_of_steps_of_a_chat_cost_what_the_model_says(chatting: None) -> None:
    steps = int(os.environ.get("NIGHTLY_STEPS", "10000")) // 4
    run_state_machine_as_test(
        ChatStory, settings=settings(QUIET, max_examples=max(steps // 100, 1), stateful_step_count=100)
    )
