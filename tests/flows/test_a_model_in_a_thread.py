"""A model in a thread, through real processes: it answers there, is called again by a reply, and reads the thread.

*Called by*: pytest.
"""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command

from billing import ledger
from chat import feed, replies
from chat.models import Message, Reply, Thread
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.flows.tab import Tab
from tests.flows.viewer import Viewer
from tests.stack import Stack


@pytest.fixture
def stage(
    stack: Stack, provider: ScriptedProvider, make_model: Callable[..., Any], make_org: Callable[..., SimpleNamespace]
) -> SimpleNamespace:
    make_model("parrot")
    make_model("owl")
    juniper = make_org()
    stack.start_web()
    stack.start_worker()
    return SimpleNamespace(**vars(juniper), stack=stack, provider=provider)


def reply_under(stage: SimpleNamespace, root: Message, text: str, **how: str) -> list[Reply]:
    tab = Tab(stage.stack, stage.ben)
    answer = tab.send(f"/messages/{root.pk}/thread/", text=text, client_id=str(uuid.uuid4()), **how)
    assert answer.status == 201, answer
    made = [row["id"] for row in answer.body["messages"]]
    return list(Reply.objects.filter(message__in=made, message__parent=root).order_by("message__position"))


def test_a_reply_under_an_answer_calls_the_model_again_with_the_thread_before_it(stage: SimpleNamespace) -> None:
    stage.provider.script("parrot", Script(deltas=5), Script(deltas=3))
    before = ledger.balance(stage.org.pk).free_ucr
    (first,) = acts.ask(stage.space, stage.ana, "@parrot tell a story")
    root = acts.ended(first).message
    feed.post(stage.space, stage.mei, text="meanwhile, in the Space", client_id=uuid.uuid4())
    viewer = Viewer(Tab(stage.stack, stage.mei), stage.space)

    (again,) = reply_under(stage, root, "shorter, please")
    ended = acts.ended(again)

    assert (ended.state, ended.message.parent_id, ended.message.in_feed) == ("finished", root.pk, False)
    viewer.hear(lambda: viewer.state(ended) == "finished")
    assert str(ended.message_id) not in viewer.screen.shown
    assert set(viewer.screen.thread(str(root.pk))) == {str(root.pk), str(ended.question_id), str(ended.message_id)}
    assert viewer.texts[str(ended.pk)].text.strip() == words(3).strip()
    asked = stage.provider.calls("parrot")[-1]["body"]["messages"]
    sent = "\n".join(turn["content"] for turn in asked)
    assert words(5).strip() in sent and asked[-1]["content"] == "shorter, please"
    assert "meanwhile" not in sent
    spent = sum(reply.cost_ucr or 0 for reply in Reply.objects.all())
    assert ledger.balance(stage.org.pk).free_ucr == before - spent
    assert Thread.objects.get(pk=root.pk).replies_count == 2
    closing.check(stage.stack, stage.provider, {"parrot": 2})


def test_several_models_in_a_thread_answer_side_by_side_from_the_same_snapshot(stage: SimpleNamespace) -> None:
    stage.provider.script("parrot", Script(deltas=4))
    stage.provider.script("owl", Script(deltas=4))
    (root,) = feed.post(stage.space, stage.ana, text="which way?", client_id=uuid.uuid4())

    made = reply_under(stage, root, "@parrot and @owl?")
    ended = [acts.ended(reply) for reply in made]

    assert [reply.state for reply in ended] == ["finished", "finished"]
    assert len({reply.reads_to for reply in ended}) == 1
    read = [stage.provider.calls(name)[-1]["body"]["messages"][1:-1] for name in ("parrot", "owl")]
    assert read[0] == read[1]
    assert Reply.objects.count() == 2  # a model wakes no model
    closing.check(stage.stack, stage.provider, {"parrot": 1, "owl": 1})


def test_an_answer_in_a_thread_is_stopped_and_tried_again_there(stage: SimpleNamespace) -> None:
    stage.provider.script("parrot", Script(deltas=400, every_ms=30), Script(deltas=3))
    (root,) = feed.post(stage.space, stage.ana, text="a long story", client_id=uuid.uuid4())
    (reply,) = reply_under(stage, root, "@parrot?")
    acts.wait_until(lambda: acts.fresh(reply).message.text, what="some text")

    replies.stop(stage.ben, reply)
    stopped = acts.ended(reply)
    answer = Tab(stage.stack, stage.ben).send(f"/replies/{reply.pk}/retry/")
    again = acts.ended(Reply.objects.get(retry_of=reply))

    assert (stopped.state, answer.status, again.state) == ("stopped", 201, "finished")
    assert answer.body["message"]["parent"] == str(root.pk)
    assert (again.message.parent_id, again.message.in_feed) == (root.pk, False)
    assert Thread.objects.get(pk=root.pk).replies_count == 3
    call_command("audit_ledger")
