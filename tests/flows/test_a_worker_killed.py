"""A worker dies, hangs or is doubled: the answer goes on or ends with what was visible, and is paid for once.

*Called by*: pytest.
"""

import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from billing.models import UsageEvent
from chat import tasks
from chat.models import Reply
from gateway.models import Attempt
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.flows.frames import Frames
from tests.stack import Stack

LEASE_AND_SWEEP_SECONDS = 3 + 5 + 2


@pytest.fixture
def juniper(stack: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    return make_org()


def outcomes(reply: Reply) -> list[str]:
    return list(Attempt.objects.filter(call=reply.call).order_by("number").values_list("outcome", flat=True))


def sent(provider: ScriptedProvider, deltas: int) -> Callable[[], Any]:
    """Whether the provider has sent so many deltas of its last answer."""
    return lambda: (calls := provider.calls("parrot")) and calls[-1]["deltas"] >= deltas


def test_a_worker_killed_before_the_first_byte_leaves_the_answer_to_another_which_asks_once_more(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(wait_seconds=60), Script(deltas=20))
    stack.start_worker()
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot are you there?")
    acts.wait_until(lambda: provider.calls("parrot"))

    stack.kill("worker")
    stack.start_worker()
    reply = acts.ended(reply, seconds=LEASE_AND_SWEEP_SECONDS + 10)

    assert (reply.state, reply.message.text, reply.runs) == ("finished", words(20), 2)
    assert reply.cost_ucr == 100 * 250 + 20 * 1000
    assert outcomes(reply) == ["lost", "ok"]
    assert all(row.duration_ms > 0 for row in Attempt.objects.filter(call=reply.call))
    closing.check(stack, provider, {"parrot": 2})


def test_an_answer_that_kills_two_workers_before_its_first_byte_is_given_up(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(wait_seconds=60))
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot are you there?")

    for run in (1, 2):
        stack.start_worker()
        acts.wait_until(lambda run=run: len(provider.calls("parrot")) == run)
        stack.kill("worker")
    stack.start_worker()
    reply = acts.ended(reply)

    assert (reply.state, reply.reason, reply.message.text, reply.cost_ucr) == ("failed", "interrupted", "", 0)
    assert outcomes(reply) == ["lost", "lost"]
    closing.check(stack, provider, {"parrot": 2})


def test_a_worker_killed_at_the_fiftieth_delta_leaves_what_was_visible_which_is_paid_for_by_our_own_count(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(deltas=200, every_ms=20))
    stack.start_worker()
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot count")
    acts.wait_until(sent(provider, 50))

    stack.kill("worker")
    stack.start_worker()
    reply = acts.ended(reply, seconds=LEASE_AND_SWEEP_SECONDS + 10)

    text = reply.message.text
    assert (reply.state, reply.reason, reply.runs) == ("failed", "interrupted", 1)
    assert words(200).startswith(text)
    assert len(text) >= len(words(20))
    assert reply.is_estimated
    assert reply.completion_tokens == -(-len(text) // 4)
    assert outcomes(reply) == ["lost"]
    assert not reply.message.html.endswith("word199</p>\n")
    closing.check(stack, provider, {"parrot": 1})


def test_a_worker_killed_after_the_last_delta_leaves_the_whole_text(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(deltas=40, every_ms=5, end="stall"))
    stack.start_worker()
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot count")
    acts.wait_until(lambda: acts.fresh(reply).message.text == words(40))

    stack.kill("worker")
    stack.start_worker()
    reply = acts.ended(reply, seconds=LEASE_AND_SWEEP_SECONDS + 10)

    assert (reply.state, reply.reason, reply.message.text) == ("failed", "interrupted", words(40))
    closing.check(stack, provider, {"parrot": 1})


def test_a_deploy_lets_an_answer_finish_within_its_grace_and_ends_a_longer_one_with_its_text_kept(
    make_stack: Callable[..., Stack], provider: ScriptedProvider, juniper: SimpleNamespace, make_model: Callable
) -> None:
    stack = make_stack(WORKER_GRACE_SECONDS="3")
    make_model("owl")
    provider.script("parrot", Script(deltas=20, every_ms=50))
    provider.script("owl", Script(deltas=2000, every_ms=50))
    stack.start_worker()
    short, long = acts.ask(juniper.space, juniper.ana, "@parrot and @owl, please")
    acts.wait_until(sent(provider, 5))

    stack.kill("worker", signal.SIGTERM)
    short, long = acts.fresh(short), acts.fresh(long)

    assert (short.state, short.message.text) == ("finished", words(20))
    assert (long.state, long.reason) == ("failed", "interrupted")
    assert words(2000).startswith(long.message.text)
    assert len(long.message.text) > len(words(20))
    assert outcomes(long) == ["cancelled"]
    closing.check(stack, provider, {"parrot": 1, "owl": 1})


def test_a_worker_that_hung_and_wakes_changes_no_text_after_the_answer_was_ended(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(deltas=4000, every_ms=4))
    stack.start_worker("hung")
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot count")
    acts.wait_until(sent(provider, 100))
    stack.start_worker("other")

    stack.kill("hung", signal.SIGSTOP)
    at_end = acts.ended(reply, seconds=LEASE_AND_SWEEP_SECONDS + 10)
    frames = Frames(juniper.space)
    stack.kill("hung", signal.SIGCONT)
    acts.wait_until(lambda: provider.calls("parrot")[0]["hung_up"], what="the end of the hung worker's call")

    now = acts.fresh(reply)
    # The word of the end itself, and of the pool, may still have been under way.
    assert not [frame for frame in frames.take() if str(frame["type"]).startswith("reply.")]
    assert (at_end.state, at_end.reason) == ("failed", "interrupted")
    assert words(4000).startswith(at_end.message.text)
    assert (now.message.text, now.message.revision, now.ended_at) == (
        at_end.message.text, at_end.message.revision, at_end.ended_at,
    )  # fmt: skip
    assert UsageEvent.objects.count() == 1
    closing.check(stack, provider, {"parrot": 1})


def test_a_task_delivered_twice_and_again_after_the_end_makes_one_answer(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(deltas=20, every_ms=20))
    stack.start_worker("one")
    stack.start_worker("two")

    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot once, please")
    for _ in range(10):
        tasks.wake([reply.pk])
    reply = acts.ended(reply)
    for _ in range(4):
        tasks.wake([reply.pk])
    later = acts.ask(juniper.space, juniper.ana, "@parrot and now?")[0]
    acts.ended(later)

    again = acts.fresh(reply)
    assert (reply.state, reply.runs, reply.message.text) == ("finished", 1, words(20))
    assert again.message.revision == reply.message.revision
    closing.check(stack, provider, {"parrot": 2})
