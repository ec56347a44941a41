"""Threads: where a message goes, what is counted, who follows, whom it asks, and what a model reads there."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat import asking, feed, followed, replies, threads, transcript
from chat.models import Message, Reply, Thread, ThreadMember
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Space


def post(space: Space, author: Member, text: str = "hello", **where: Any) -> list[Message]:
    return feed.post(space, author, text=text, client_id=uuid.uuid4(), **where)


def thread(root: Message) -> tuple[int, int]:
    """How many replies, and the position of the last."""
    return Thread.objects.values_list("replies_count", "last_position").get(pk=root.pk)


def following(root: Message) -> set[str]:
    found = ThreadMember.objects.filter(thread_id=root.pk, is_following=True)
    return set(found.values_list("member__display_name", flat=True))


def read(question: Message) -> list[tuple[str, str]]:
    found = transcript.lines(
        question.space, reads_to=question.position, asked_at=question.created_at, root=question.parent
    )
    return [(line.name, line.text) for line in reversed(found)]


def answer(reply: Reply, text: str) -> None:
    """End an answer by hand, as a worker would."""
    Reply.objects.filter(pk=reply.pk).update(state="finished", ended_at=timezone.now())
    Message.objects.filter(pk=reply.message_id).update(text=text)


@pytest.fixture
def models(make_model: Callable[..., Any], db: None) -> SimpleNamespace:
    return SimpleNamespace(parrot=make_model("parrot"), owl=make_model("owl"))


def test_a_reply_stands_in_the_thread_only_unless_it_is_sent_to_the_space_too(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana, "root")

    hidden, _ = post(juniper.space, juniper.ben, "hidden", parent=root)
    shown, _ = post(juniper.space, juniper.ben, "shown", parent=root, in_feed=True)

    assert [m.text for m in feed.latest(juniper.space).messages] == ["root", "shown"]
    assert [m.text for m in threads.latest(root).messages] == ["hidden", "shown"]
    assert [m.text for m in feed.changes(juniper.space, since=0).messages] == ["root", "hidden", "shown"]
    assert (hidden.in_feed, shown.in_feed, thread(root)) == (False, True, (2, shown.position))


def test_a_thread_has_one_level(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)
    first, _ = post(juniper.space, juniper.ben, parent=root)

    second, told = post(juniper.space, juniper.mei, parent=first)

    assert second.parent_id == told.pk == root.pk
    assert thread(root)[0] == 2
    assert not Thread.objects.filter(pk=first.pk).exists()


def test_the_root_takes_a_revision_after_what_was_written(juniper: SimpleNamespace, models: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)

    written = post(juniper.space, juniper.ben, "@parrot @owl hi", parent=root)

    assert [message.revision for message in written] == [2, 3, 4, 5]
    assert (written[-1].pk, Space.objects.get(pk=juniper.space.pk).revision) == (root.pk, 5)
    assert {message.parent_id for message in written[:-1]} == {root.pk}
    assert thread(root) == (3, 4)
    assert [face.member or face.ai_model for face in written[-1].thread.faces] == [
        juniper.ben,
        models.parrot,
        models.owl,
    ]


def test_a_parent_in_another_space_is_missing(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    (secret,) = post(juniper.private, juniper.ana, "a secret of the board")
    (foreign,) = post(other.space, other.ana)

    for parent in (secret, foreign):
        with pytest.raises(NotFound), transaction.atomic():
            post(juniper.space, juniper.mei, parent=parent)

    assert not Thread.objects.exists()
    assert Message.objects.filter(space=juniper.space).count() == 0


def test_a_parent_named_in_a_form_of_the_space_means_nothing(juniper: SimpleNamespace, client: Client) -> None:
    (secret,) = post(juniper.private, juniper.ana, "a secret of the board")
    client.force_login(juniper.mei.user)
    fields = {"text": "hello", "parent": str(secret.pk), "parent_id": str(secret.pk), "in_feed": ""}

    client.post(reverse("messages", args=[juniper.space.pk]), fields)
    refused = client.post(reverse("thread", args=[secret.pk]), fields)

    assert refused.status_code == 404
    assert Message.objects.get(space=juniper.space).parent_id is None
    assert not Thread.objects.exists()


def test_a_reply_sent_twice_is_one_reply(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)
    client_id = uuid.uuid4()

    first = feed.post(juniper.space, juniper.ben, text="hi", client_id=client_id, parent=root)
    again = feed.post(juniper.space, juniper.ben, text="hi", client_id=client_id, parent=root)

    assert again[0].pk == first[0].pk
    assert thread(root)[0] == 1
    with pytest.raises(Invalid):
        feed.post(juniper.space, juniper.ben, text="hi", client_id=client_id)


def test_who_writes_is_mentioned_or_is_answered_follows_until_they_leave(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)

    post(juniper.space, juniper.ben, "what do you think, @mei?", parent=root)

    assert following(root) == {"Ana", "Ben", "Mei"}
    threads.follow(root, juniper.ana, is_following=False)
    threads.follow(root, juniper.mei, is_following=False)
    post(juniper.space, juniper.ben, "@mei?", parent=root)
    assert following(root) == {"Ben", "Mei"}
    post(juniper.space, juniper.ana, parent=root)
    assert following(root) == {"Ana", "Ben", "Mei"}


def test_a_reply_that_is_deleted_is_no_longer_counted_and_a_deleted_root_keeps_its_thread(
    juniper: SimpleNamespace,
) -> None:
    (root,) = post(juniper.space, juniper.ana)
    first, _ = post(juniper.space, juniper.ben, parent=root)
    second, _ = post(juniper.space, juniper.ben, parent=root)

    with transaction.atomic():
        Message.objects.filter(pk=second.pk).update(deleted_at=timezone.now(), text="", html="")
        told = threads.shrink(Message.objects.get(pk=second.pk))
    Message.objects.filter(pk=root.pk).update(deleted_at=timezone.now(), text="", html="")

    assert told and told.revision == Space.objects.get(pk=juniper.space.pk).revision
    assert thread(root) == (1, first.position)
    third, _ = post(juniper.space, juniper.mei, parent=Message.objects.get(pk=root.pk))
    assert thread(root) == (2, third.position)


def test_a_thread_comes_in_pages(juniper: SimpleNamespace, client: Client) -> None:
    (root,) = post(juniper.space, juniper.ana)
    made = [post(juniper.space, juniper.ben, f"line {n}", parent=root)[0] for n in range(60)]
    client.force_login(juniper.mei.user)
    url = reverse("thread", args=[root.pk])

    def ask(**where: int) -> dict[str, Any]:
        return client.get(url, where, headers={"Accept": "application/json"}).json()

    latest = ask()
    older = ask(before=latest["messages"][0]["position"])
    newer = ask(after=made[57].position)

    assert [m["id"] for m in latest["messages"]] == [str(m.pk) for m in made[10:]]
    assert [m["id"] for m in older["messages"]] == [str(m.pk) for m in made[:10]]
    assert (latest["more"], older["more"], newer["more"]) == (True, False, False)
    assert [m["id"] for m in newer["messages"]] == [str(m.pk) for m in made[58:]]
    assert (latest["root"]["id"], latest["following"], latest["answerer"]) == (str(root.pk), False, None)


def test_the_list_shows_followed_threads_with_something_new_first(
    juniper: SimpleNamespace, client: Client, django_assert_max_num_queries: Any
) -> None:
    roots = [post(juniper.space, juniper.ana, f"root {n}")[0] for n in range(3)]
    for root in roots:
        post(juniper.space, juniper.ana, parent=root)
    post(juniper.space, juniper.ben, parent=roots[0])
    post(juniper.private, juniper.ben, parent=post(juniper.private, juniper.ana, "board")[0])
    threads.follow(roots[1], juniper.ana, is_following=False)

    rows = followed.page(juniper.ana).rows

    assert [(row.root.text, row.unread) for row in rows] == [("board", 1), ("root 0", 1), ("root 2", 0)]
    assert [row.root.text for row in followed.page(juniper.mei).rows] == []
    assert [row.unread > 0 for row in rows].count(True) == 2
    threads.note_read(roots[0], juniper.ana, thread(roots[0])[1])
    assert [row.unread for row in followed.page(juniper.ana).rows].count(1) == 1
    juniper.private.space_members.filter(member=juniper.ana).delete()
    assert "board" not in [row.root.text for row in followed.page(juniper.ana).rows]
    client.force_login(juniper.ana.user)
    assert b"root 0" in client.get(reverse("threads", args=[juniper.org.slug])).content


def test_reading_never_goes_back(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)
    post(juniper.space, juniper.ben, parent=root)

    threads.note_read(root, juniper.ana, 3)
    threads.note_read(root, juniper.ana, 1)

    assert ThreadMember.objects.get(member=juniper.ana).read_position == 3


def test_nobody_has_read_beyond_the_end(juniper: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)
    post(juniper.space, juniper.ben, parent=root)

    threads.note_read(root, juniper.ana, 2**62)

    juniper.space.refresh_from_db()
    assert ThreadMember.objects.get(member=juniper.ana).read_position == juniper.space.revision


def test_a_mention_in_a_thread_is_answered_in_the_thread(juniper: SimpleNamespace, models: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)

    _, placed, _ = post(juniper.space, juniper.ben, "@parrot?", parent=root, in_feed=True)

    assert (placed.parent_id, placed.in_feed, placed.reply.state) == (root.pk, False, "queued")


def test_a_reply_that_follows_a_models_answer_calls_it_again(juniper: SimpleNamespace, models: SimpleNamespace) -> None:
    _, root = post(juniper.space, juniper.ana, "@parrot hi")

    def asked(text: str, **how: str) -> list[str]:
        written = post(juniper.space, juniper.ben, text, parent=root, **how)
        return [message.ai_model.handle for message in written[1:-1] if message.ai_model]

    assert asked("shorter, please") == ["parrot"]
    assert asked("and you, @owl?") == ["owl"]
    assert asked("go on") == ["owl"]
    assert asked("look at this, @mei") == []
    assert asked("I think so too") == []
    assert asked("@parrot and @owl?") == ["parrot", "owl"]
    assert asked("not now", ask="") == []
    assert asked("now then", ask="parrot") == ["parrot"]


def test_only_a_model_of_this_thread_can_be_asked_without_a_mention(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    _, root = post(juniper.space, juniper.ana, "@parrot hi")
    before = Message.objects.count()

    for handle in ("owl", "nobody", "ben"):
        with pytest.raises(Invalid):
            post(juniper.space, juniper.ben, "hello", parent=root, ask=handle)

    assert Message.objects.count() == before


def test_the_page_names_who_will_answer_and_the_price(
    juniper: SimpleNamespace, models: SimpleNamespace, client: Client
) -> None:
    _, root = post(juniper.space, juniper.ana, "@parrot hi")
    client.force_login(juniper.ben.user)

    page = client.get(reverse("thread", args=[root.pk])).content.decode()
    client.post(reverse("thread", args=[root.pk]), {"text": "no, thanks", "ask": ""})
    quiet = client.get(reverse("thread", args=[root.pk])).content.decode()

    assert "@parrot will answer · about" in page
    assert "will answer" not in quiet
    assert Reply.objects.count() == 1


def test_a_model_in_a_thread_reads_the_thread_and_the_space_before_it(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    post(juniper.space, juniper.ana, "Offsite is in Lisbon")
    (root,) = post(juniper.space, juniper.ben, "Who books trains?")
    elsewhere, *_ = post(juniper.space, juniper.ana, "another matter")
    post(juniper.space, juniper.mei, "a secret of another thread", parent=elsewhere)
    _, first, _ = post(juniper.space, juniper.mei, "@owl when do they leave?", parent=root)
    answer(first.reply, "At 9:40.")

    question, *_ = post(juniper.space, juniper.mei, "@parrot is that right?", parent=root)
    post(juniper.space, juniper.ana, "written later", parent=root)

    assert read(question) == [
        ("Ana", "Offsite is in Lisbon"),
        ("Ben", "Who books trains?"),
        ("Mei", "@owl when do they leave?"),
        ("owl", "At 9:40."),
        ("Mei", "@parrot is that right?"),
    ]
    above, *_ = post(juniper.space, juniper.mei, "@parrot and here?")
    assert "At 9:40." not in [text for _, text in read(above)]


def test_what_a_thread_is_about_is_read_however_long_the_thread(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    (root,) = post(juniper.space, juniper.ben, "Who books trains?")
    for number in range(30):
        post(juniper.space, juniper.ben, f"line {number} " + "x" * 200, parent=root)
    question, *_ = post(juniper.space, juniper.mei, "@parrot?", parent=root)
    found = transcript.lines(juniper.space, reads_to=question.position, asked_at=question.created_at, root=root)

    def build(budget: int) -> transcript.Transcript:
        return transcript.build(found, juniper.space, ai_model_id=1, handle="parrot", max_bytes=budget)

    made = build(3000)
    again = build(made.bytes_needed)

    text = "\n".join(turn.text for turn in made.turns)
    assert "Who books trains?" in text and "line 29" in text and "line 3 " not in text
    assert again.turns == made.turns


def test_an_answer_of_a_thread_is_tried_again_in_the_thread(juniper: SimpleNamespace, models: SimpleNamespace) -> None:
    (root,) = post(juniper.space, juniper.ana)
    _, placed, _ = post(juniper.space, juniper.ben, "@parrot?", parent=root)
    replies.stop(juniper.ben, placed.reply)

    old, again, told = asking.retry(juniper.ben, Reply.objects.select_related("message").get(pk=placed.reply.pk))

    assert (old.pk, again.parent_id, again.in_feed, told.pk) == (placed.pk, root.pk, False, root.pk)
    assert [old.revision, again.revision, told.revision] == [6, 7, 8]
    assert thread(root) == (3, again.position)


def test_a_message_of_a_thread_leads_to_its_space_with_the_thread_open(
    juniper: SimpleNamespace, client: Client
) -> None:
    (root,) = post(juniper.space, juniper.ana)
    hidden, _ = post(juniper.space, juniper.ben, parent=root)
    client.force_login(juniper.mei.user)

    to_root = client.get(reverse("message", args=[root.pk]))
    to_reply = client.get(reverse("message", args=[hidden.pk]))

    assert to_root["Location"] == f"/spaces/{juniper.space.pk}/?at=1#message-{root.pk}"
    assert to_reply["Location"] == f"/spaces/{juniper.space.pk}/?at=1&thread={root.pk}#message-{hidden.pk}"


def test_a_space_opens_around_a_message_with_as_many_queries_wherever_it_is(
    juniper: SimpleNamespace, client: Client, django_assert_num_queries: Any
) -> None:
    made = [post(juniper.space, juniper.ana, f"line {n}")[0] for n in range(120)]
    client.force_login(juniper.ana.user)

    page = feed.around(juniper.space, made[60].position)
    near_end = feed.around(juniper.space, made[118].position)

    assert [m.text for m in page.messages] == [f"line {n}" for n in range(36, 86)]
    assert (page.has_more, page.has_newer, near_end.has_newer) == (True, True, False)
    with django_assert_num_queries(10):
        feed.around(juniper.space, made[60].position)
    shown = client.get(f"/spaces/{juniper.space.pk}/?at={made[60].position}").content.decode()
    assert "line 60" in shown and "line 119" not in shown and "data-newer" in shown
    wrong = client.get(f"/spaces/{juniper.space.pk}/?at=x").content.decode()
    assert "line 119" in wrong and "data-newer" not in wrong
