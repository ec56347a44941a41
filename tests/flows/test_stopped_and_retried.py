"""Stop and Retry: what had arrived is kept and only that is paid for; again means a new answer.

*Called by*: pytest.
"""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from billing import ledger
from billing.models import Hold
from chat import asking, replies
from gateway.models import Attempt
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.stack import Stack
from workspace.errors import Forbidden, Invalid


@pytest.fixture
def juniper(stack: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    return make_org()


def test_a_stopped_answer_keeps_its_text_pays_only_for_that_and_hangs_up_within_about_a_second(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(deltas=1000, every_ms=50))
    stack.start_worker()
    (reply,) = acts.ask(juniper.space, juniper.mei, "@parrot count")
    acts.wait_until(lambda: (calls := provider.calls("parrot")) and calls[0]["deltas"] >= 20)

    replies.stop(juniper.mei, acts.fresh(reply))
    deltas_at_stop = provider.calls("parrot")[0]["deltas"]
    reply = acts.ended(reply)
    acts.wait_until(lambda: provider.calls("parrot")[0]["hung_up"], what="hanging up")

    (call,) = provider.calls("parrot")
    prompt, completion = acts.counted_prompt(reply, call), -(-len(reply.message.text) // 4)
    assert (reply.state, reply.reason) == ("stopped", "stopped")
    assert len(reply.message.text) >= len(words(20))
    assert words(1000).startswith(reply.message.text)
    # A second is twenty deltas here; twice that leaves room for a slow machine.
    assert call["deltas"] <= deltas_at_stop + 40
    assert reply.is_estimated
    assert reply.cost_ucr == prompt * 250 + completion * 1000
    assert reply.cost_ucr < Hold.objects.get(call=reply.call).amount_ucr
    assert Attempt.objects.get(call=reply.call).outcome == "cancelled"
    closing.check(stack, provider, {"parrot": 1})


def test_stopped_before_anything_came_or_while_it_waits_in_line_costs_nothing(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(wait_seconds=60))
    (waiting,) = acts.ask(juniper.space, juniper.mei, "@parrot in line")
    replies.stop(juniper.mei, waiting)
    stack.start_worker()
    (silent,) = acts.ask(juniper.space, juniper.mei, "@parrot no byte yet")
    acts.wait_until(lambda: provider.calls("parrot"))

    replies.stop(juniper.mei, acts.fresh(silent))
    ended = [acts.ended(reply) for reply in (waiting, silent)]

    assert [(reply.state, reply.message.text, reply.cost_ucr) for reply in ended] == [("stopped", "", 0)] * 2
    closing.check(stack, provider, {"parrot": 1})


def test_one_whose_worker_died_is_stopped_by_the_sweep_and_not_asked_again(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(wait_seconds=60))
    stack.start_worker()
    (reply,) = acts.ask(juniper.space, juniper.mei, "@parrot no byte yet")
    acts.wait_until(lambda: provider.calls("parrot"))
    stack.kill("worker")

    replies.stop(juniper.mei, acts.fresh(reply))
    stack.start_worker()
    reply = acts.ended(reply)

    assert (reply.state, reply.reason, reply.cost_ucr) == ("stopped", "stopped", 0)
    closing.check(stack, provider, {"parrot": 1})


def test_only_the_asker_and_admins_stop_an_answer_and_a_second_stop_changes_nothing(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot wait")

    with pytest.raises(Forbidden):
        replies.stop(juniper.mei, reply)
    replies.stop(juniper.ben, reply)
    revision = acts.fresh(reply).message.revision
    replies.stop(juniper.ana, reply)

    assert acts.fresh(reply).state == "stopped"
    assert acts.fresh(reply).message.revision == revision
    closing.check(stack, provider, {})


def test_a_failed_answer_tried_again_is_a_new_one_paid_by_who_retries_and_only_once(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(status=401), Script(deltas=5))
    stack.start_worker()
    (asked,) = acts.ask(juniper.space, juniper.mei, "@parrot once more, with feeling")
    failed = acts.ended(asked)
    before = ledger.balance(juniper.org.pk).free_ucr

    _, message = asking.retry(juniper.ben, failed)
    with pytest.raises(Invalid):
        asking.retry(juniper.mei, acts.fresh(failed))
    again = acts.ended(message.reply)

    assert (failed.state, failed.reason, failed.cost_ucr) == ("failed", "provider_auth", 0)
    assert (again.state, again.message.text, again.asked_by_id) == ("finished", words(5), juniper.ben.pk)
    assert acts.fresh(failed).retried
    first, second = provider.calls("parrot")
    assert first["body"]["messages"] == second["body"]["messages"]
    assert ledger.balance(juniper.org.pk).free_ucr == before - (again.cost_ucr or 0)
    closing.check(stack, provider, {"parrot": 2})
