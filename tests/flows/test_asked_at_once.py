"""Many at once, or one twice: exactly what can be paid for starts, and each message stands once.

*Called by*: pytest.
"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from billing import ledger, prices
from billing.models import Hold
from catalog.models import Offer, Provider
from chat.models import Message, Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.tab import Tab
from tests.stack import Stack
from workspace import spaces

# The plan grants 100 credits, and one answer of at most 250 tokens holds an eighth of that.
EIGHTH = {"input_usd": "0", "output_usd": "500", "max_output_tokens": 250}
TOKEN_UCR = 50_000


@pytest.fixture
def served(stack: Stack) -> Stack:
    stack.start_web()
    return stack


def test_of_25_mentions_at_once_exactly_the_8_that_the_pool_pays_for_start(
    served: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    make_model("parrot", **EIGHTH)
    provider.script("parrot", Script(deltas=20, wait_seconds=2))
    starter = make_org(plan="starter")
    rooms = [starter.space, *(spaces.create(starter.ana, name=f"Room {n}", is_private=False) for n in range(4))]
    tabs = [Tab(served, member) for member in (starter.ana, starter.ben, starter.mei)]
    served.start_worker()

    with ThreadPoolExecutor(25) as threads:
        posts = [threads.submit(tabs[n % 3].post, rooms[n % 5], f"@parrot number {n}") for n in range(25)]
        answers = [post.result() for post in posts]
    at_once = ledger.balance(starter.org.pk)
    replies = [acts.ended(reply) for reply in Reply.objects.select_related("ai_model")]

    assert {answer.status for answer in answers} == {201}
    assert Message.objects.filter(ai_model=None).count() == 25
    assert (at_once.free_ucr, at_once.held_ucr) == (0, 8 * 250 * TOKEN_UCR)
    states = sorted((reply.state, reply.reason) for reply in replies)
    assert states == [("finished", "")] * 8 + [("refused", "no_credits")] * 17
    assert all("credits" in reply.reason_sentence for reply in replies if reply.state == "refused")
    assert ledger.balance(starter.org.pk).free_ucr == 100_000_000 - 8 * 20 * TOKEN_UCR
    closing.check(served, provider, {"parrot": 8})


def test_a_message_sent_twice_stands_once_and_two_tabs_with_the_same_words_are_two_messages(
    served: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    make_model("parrot")
    provider.script("parrot", Script())
    juniper = make_org()
    tab, other_tab = Tab(served, juniper.mei), Tab(served, juniper.mei)
    served.start_worker()
    client_id = uuid.uuid4()

    with ThreadPoolExecutor(6) as threads:
        doubles = [threads.submit(tab.post, juniper.space, "@parrot once", client_id) for _ in range(6)]
        answers = [double.result() for double in doubles]
    other_tab.post(juniper.space, "@parrot once")
    ended = [acts.ended(reply) for reply in Reply.objects.select_related("ai_model")]

    assert {answer.status for answer in answers} == {201}
    assert len({tuple(message["id"] for message in answer.body["messages"]) for answer in answers}) == 1
    assert Message.objects.filter(author=juniper.mei).count() == 2
    assert [reply.state for reply in ended] == ["finished"] * 2
    closing.check(served, provider, {"parrot": 2})


def test_a_price_that_changes_while_an_answer_streams_is_the_next_answers_price(
    stack: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    parrot = make_model("parrot")
    provider.script("parrot", Script(deltas=20, every_ms=100), Script(deltas=20))
    juniper = make_org()
    stack.start_worker()
    (before,) = acts.ask(juniper.space, juniper.ana, "@parrot how much?")
    acts.wait_until(lambda: acts.fresh(before).state == "streaming")

    Offer.objects.filter(ai_model=parrot).update(output_usd_per_mtok=100)
    prices.publish()
    before = acts.ended(before)
    after = acts.ended(acts.ask(juniper.space, juniper.ana, "@parrot and now?")[0])

    assert before.cost_ucr == 100 * 250 + 20 * 1000
    assert after.cost_ucr == 100 * 250 + 20 * 10_000
    assert Hold.objects.get(call=after.call).prices != Hold.objects.get(call=before.call).prices
    closing.check(stack, provider, {"parrot": 2})


def test_nobody_is_asked_for_one_who_was_removed_before_the_worker_came(
    stack: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    from chat import places

    make_model("parrot")
    provider.script("parrot", Script())
    juniper = make_org()
    before = ledger.balance(juniper.org.pk).free_ucr
    (of_guest,) = acts.ask(juniper.private, juniper.gus, "@parrot psst")
    (of_leaver,) = acts.ask(juniper.space, juniper.mei, "@parrot quick, before I go")
    (of_closed,) = acts.ask(juniper.space, juniper.ben, "@parrot hello")
    places.remove_from_space(juniper.ana, juniper.private, juniper.gus)
    places.remove_from_org(juniper.ana, juniper.mei)
    juniper.ben.user.is_active = False
    juniper.ben.user.save()

    stack.start_worker()
    ended = [acts.ended(reply) for reply in (of_guest, of_leaver, of_closed)]

    # What a removed member had asked for is stopped with them; for a closed account nobody says so, and the worker finds out.
    outcomes = [(reply.state, reply.reason, reply.cost_ucr or 0) for reply in ended]
    assert outcomes == [("stopped", "stopped", 0), ("stopped", "stopped", 0), ("failed", "no_access", 0)]
    assert ledger.balance(juniper.org.pk).free_ucr == before
    closing.check(stack, provider, {"parrot": 0})


def test_an_answer_whose_provider_was_switched_off_meanwhile_fails_and_costs_nothing(
    stack: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    make_model("parrot")
    provider.script("parrot", Script())
    juniper = make_org()
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot still there?")
    Provider.objects.update(is_enabled=False)

    stack.start_worker()
    reply = acts.ended(reply)

    assert (reply.state, reply.reason, reply.cost_ucr or 0) == ("failed", "no_route", 0)
    closing.check(stack, provider, {"parrot": 0})
