"""Redis restarts, is emptied, freezes or is gone: only the liveness of the text suffers.

*Called by*: pytest.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chat.models import Message, Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.doubles.stores import OwnRedis
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.flows.tab import Tab
from tests.flows.viewer import Viewer
from tests.stack import Stack

ONE = {"parrot": 1}


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stack(own_redis: OwnRedis, make_stack: Callable[..., Stack]) -> Stack:
    made = make_stack(REDIS_URL=own_redis.url, REPLY_LEASE_SECONDS="20")
    made.start_web()
    return made


@pytest.fixture
def juniper(stack: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    return make_org()


def asked(tab: Tab, juniper: SimpleNamespace, text: str = "@parrot count") -> Reply:
    answer = tab.post(juniper.space, text)
    assert answer.status == 201, answer
    return Reply.objects.get(message_id=answer.body["messages"][-1]["id"])


def test_redis_restarted_in_the_middle_of_an_answer_leaves_its_text_whole_and_growing(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace, own_redis: OwnRedis
) -> None:
    provider.script("parrot", Script(deltas=400, every_ms=25), Script())
    tab = Tab(stack, juniper.ana)
    stack.start_worker()
    viewer = Viewer(Tab(stack, juniper.mei), juniper.space)
    reply = asked(tab, juniper)
    viewer.hear(lambda: viewer.texts[str(reply.pk)].length > len(words(10)))

    own_redis.restart()
    seen = [tab.get(f"/replies/{reply.pk}/") for _ in range(5)]
    # Only the text in Redis can be ahead of what was saved; so it is there again.
    viewer.hear(lambda: tab.get(f"/replies/{reply.pk}/")["at"] > len(acts.fresh(reply).message.text))
    viewer.hear(lambda: viewer.state(reply) == "finished")
    reply = acts.ended(reply)
    again = acts.ended(asked(tab, juniper))
    acts.wait_until(lambda: own_redis.calls_waiting() == 0, what="a worker that takes calls again")

    assert all(words(400).startswith(part["tail"]) and part["at"] == len(part["tail"]) for part in seen)
    assert (reply.state, reply.message.text) == ("finished", words(400))
    assert viewer.texts[str(reply.pk)].text == words(400)
    viewer.hear(lambda: viewer.state(again) == "finished")
    assert viewer.screen.shown == viewer.load().shown
    assert reply.cost_ucr == 100 * 250 + 400 * 1000
    assert again.state == "finished"
    closing.check(stack, provider, {"parrot": 2}, quiet=False)


def test_while_redis_is_gone_messages_are_stored_answers_finish_and_stop_works_and_afterwards_the_rest_is_answered(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace, own_redis: OwnRedis, make_model: Callable
) -> None:
    make_model("owl")
    provider.script("parrot", Script(deltas=60, every_ms=50), Script())
    provider.script("owl", Script(deltas=4000, every_ms=50))
    tab = Tab(stack, juniper.ana)
    stack.start_worker()
    tab.post(juniper.space, "@parrot and @owl, count")
    whole, endless = Reply.objects.select_related("ai_model").order_by("ai_model__handle").reverse()
    acts.wait_until(lambda: all(provider.calls(model) for model in ("parrot", "owl")))

    own_redis.stop()
    later = asked(tab, juniper, "@parrot when you are back")
    stopping = tab.send(f"/replies/{endless.pk}/stop/")
    whole, endless = acts.ended(whole), acts.ended(endless)
    shown = tab.get(f"/spaces/{juniper.space.pk}/changes/?since=0")
    own_redis.start()
    later = acts.ended(later)

    assert stopping.status == 200
    assert (whole.state, whole.message.text) == ("finished", words(60))
    assert (endless.state, endless.reason) == ("stopped", "stopped")
    assert {message["state"] for message in shown["messages"]} >= {"sent", "finished", "stopped"}
    assert (later.state, later.message.text) == ("finished", words(3))
    closing.check(stack, provider, {"parrot": 2, "owl": 1}, quiet=False)


def test_after_redis_was_emptied_people_stay_signed_in_and_waiting_answers_are_asked(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace, own_redis: OwnRedis
) -> None:
    provider.script("parrot", Script())
    tab = Tab(stack, juniper.ana)
    waiting = asked(tab, juniper)

    own_redis.empty()
    stack.start_worker()
    waiting = acts.ended(waiting)
    own_redis.empty()
    again = acts.ended(asked(tab, juniper))

    assert (waiting.state, again.state) == ("finished", "finished")
    closing.check(stack, provider, {"parrot": 2})


def test_a_web_process_killed_between_the_commit_and_the_call_leaves_the_answer_to_the_sweeper(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace, own_redis: OwnRedis
) -> None:
    provider.script("parrot", Script())
    tab = Tab(stack, juniper.ana)
    broken: list[Exception] = []

    def post() -> None:
        try:
            tab.post(juniper.space, "@parrot are you there?")
        except OSError as error:
            broken.append(error)

    own_redis.freeze()
    poster = threading.Thread(target=post)
    poster.start()
    acts.wait_until(lambda: Message.objects.count() == 2)
    stack.kill("web")
    poster.join()
    own_redis.restart()
    stack.start_worker()
    reply = acts.ended(Reply.objects.get())

    assert broken
    assert (reply.state, reply.message.text) == ("finished", words(3))
    closing.check(stack, provider, ONE)
