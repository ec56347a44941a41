"""The feed: posting, reading, catching up, and how many queries that takes."""

import threading
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from chat import deletions, edits, feed
from chat.models import Message, Reply
from workspace.errors import Invalid
from workspace.models import Member, Space

Counts = Callable[..., Any]


def post(space: Space, author: Member, text: str = "hello") -> list[Message]:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())


def revision(space: Space) -> int:
    return Space.objects.get(pk=space.pk).revision


def test_every_message_takes_the_next_revision_of_its_space(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    make_model("owl")

    first, *_ = post(juniper.space, juniper.ana)
    elsewhere, *_ = post(juniper.private, juniper.ana)
    question, *answers = post(juniper.space, juniper.mei, "@parrot and @owl?")

    assert [(m.position, m.revision) for m in (first, question, *answers)] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert (elsewhere.position, revision(juniper.space), revision(juniper.private)) == (1, 4, 1)
    assert [answer.ai_model.handle for answer in answers if answer.ai_model] == ["parrot", "owl"]
    assert {reply.reads_to for reply in Reply.objects.all()} == {2}


def test_the_same_client_id_again_returns_what_the_first_made(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    client_id = uuid.uuid4()
    first = feed.post(juniper.space, juniper.ana, text="@parrot hi", client_id=client_id)

    again = feed.post(juniper.space, juniper.ana, text="@parrot hi", client_id=client_id)
    theirs = feed.post(juniper.space, juniper.mei, text="hi", client_id=client_id)

    assert [message.pk for message in again] == [message.pk for message in first]
    assert theirs[0].pk not in {message.pk for message in first}
    assert (Message.objects.count(), revision(juniper.space), Reply.objects.count()) == (3, 3, 1)
    for space, parent in ((juniper.private, None), (juniper.space, theirs[0])):
        with pytest.raises(Invalid, match="used for another message"):
            feed.post(space, juniper.ana, text="@parrot hi", client_id=client_id, parent=parent)


def test_two_sendings_at_the_same_moment_make_one_message(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    client_id, start, made = uuid.uuid4(), threading.Barrier(6), []

    def send() -> None:
        start.wait()
        try:
            made.append(feed.post(juniper.space, juniper.ana, text="hello", client_id=client_id)[0].pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 6 and len(set(made)) == 1
    assert (Message.objects.count(), revision(juniper.space)) == (1, 1)


def test_pages_are_fifty_long_and_say_whether_there_is_more(juniper: SimpleNamespace) -> None:
    for number in range(120):
        post(juniper.space, juniper.ana, f"number {number + 1}")

    def places(page: feed.Page) -> tuple[list[int], bool]:
        found = [message.position for message in page.messages]
        assert found == sorted(found)
        return found[:1] + found[-1:], page.has_more

    assert places(feed.latest(juniper.space)) == ([71, 120], True)
    assert places(feed.before(juniper.space, 71)) == ([21, 70], True)
    assert places(feed.before(juniper.space, 51)) == ([1, 50], False)
    assert places(feed.before(juniper.space, 21)) == ([1, 20], False)
    assert places(feed.after(juniper.space, 60)) == ([61, 110], True)
    assert places(feed.after(juniper.space, 110)) == ([111, 120], False)
    assert places(feed.latest(juniper.private)) == ([], False)


def test_changes_are_what_changed_since_and_only_in_this_space(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    post(juniper.private, juniper.ana)
    post(juniper.space, juniper.ana)
    _, answer = post(juniper.space, juniper.ana, "@parrot hi")
    from chat import replies

    replies.stop(juniper.ana, answer.reply)

    changes = feed.changes(juniper.space, since=3)
    assert (changes.revision, [m.pk for m in changes.messages], changes.must_reload) == (4, [answer.pk], False)
    assert [m.position for m in feed.changes(juniper.space, since=0).messages] == [1, 2, 3]
    assert feed.changes(juniper.space, since=4).messages == []
    assert feed.changes(juniper.space, since=5).must_reload


def test_after_too_many_changes_the_page_is_loaded_afresh(juniper: SimpleNamespace) -> None:
    for _ in range(feed.CHANGES_MAX + 1):
        post(juniper.space, juniper.ana)

    assert len(feed.changes(juniper.space, since=1).messages) == feed.CHANGES_MAX
    afresh = feed.changes(juniper.space, since=0)
    assert (afresh.revision, afresh.messages, afresh.must_reload) == (feed.CHANGES_MAX + 1, [], True)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\n\n  x \n\n", "x"),
        ("    code", "code"),
        ("a" * 10_000 + "\n", "a" * 10_000),
        ("é", "é"),
    ],
)
def test_text_is_kept_but_for_line_ends_and_blanks_around_it(typed: str, kept: str) -> None:
    assert feed.clean(typed) == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("a\x00b", "NUL"),
        ("a\ud800b", "half a character"),
        ("a" * 10_001, "10,001 characters long; at most 10,000"),
        (" \u200b ", "empty"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        feed.clean(typed)


@given(st.text(st.characters(), max_size=200))
def test_whatever_is_typed_is_kept_or_refused_and_cleaning_again_changes_nothing(text: str) -> None:
    try:
        kept = feed.clean(text)
    except Invalid:
        return
    assert feed.clean(kept) == kept
    assert "\r" not in kept and "\x00" not in kept
    kept.encode()


# --- queries --------------------------------------------------------------------------------------


@pytest.fixture
def browser(juniper: SimpleNamespace) -> Client:
    """Ana's, warm: the first request of a process asks for more."""
    client = Client()
    client.force_login(juniper.ana.user)
    client.get(reverse("space", args=[juniper.space.pk]))
    client.post(reverse("messages", args=[juniper.space.pk]), {"text": "warm"}, headers={"Accept": "application/json"})
    return client


def send(browser: Client, space: Space, text: str) -> int:
    answer = browser.post(reverse("messages", args=[space.pk]), {"text": text}, headers={"Accept": "application/json"})
    return answer.status_code


def test_a_message_without_a_mention_takes_few_queries(
    browser: Client, juniper: SimpleNamespace, django_assert_max_num_queries: Counts
) -> None:
    with django_assert_max_num_queries(13):  # two of them mark the transaction
        assert send(browser, juniper.space, "good morning") == 201


def test_a_message_with_a_mention_takes_a_few_more(
    browser: Client, juniper: SimpleNamespace, make_model: Callable[..., Any], django_assert_max_num_queries: Counts
) -> None:
    make_model("parrot")
    send(browser, juniper.space, "@parrot warm")

    with django_assert_max_num_queries(24):
        assert send(browser, juniper.space, "@parrot good morning") == 201


def test_a_page_takes_as_many_queries_with_fifty_messages_as_with_one(
    browser: Client, juniper: SimpleNamespace, make_model: Callable[..., Any], django_assert_max_num_queries: Counts
) -> None:
    make_model("parrot")
    paths = [reverse("space", args=[juniper.space.pk]), reverse("messages", args=[juniper.space.pk])]
    paths.append(reverse("changes", args=[juniper.space.pk]) + "?since=0")
    counts = []

    for text in ("@parrot one more, @mei", "short"):
        for _ in range(25):
            post(juniper.space, juniper.ben, text)
        for path in paths:
            with django_assert_max_num_queries(20) as queries:
                assert browser.get(path).status_code == 200
            counts.append(len(queries))

    assert counts[:3] == counts[3:]
    assert counts[1] <= 9 and counts[2] <= 11


def test_the_list_behind_the_at_takes_as_many_queries_whoever_is_there(
    browser: Client, juniper: SimpleNamespace, make_model: Callable[..., Any], django_assert_max_num_queries: Counts
) -> None:
    for number in range(5):
        make_model(f"model-{number}")

    with django_assert_max_num_queries(10):
        answer = browser.get(reverse("mentionables", args=[juniper.space.pk]), {"q": ""})

    assert len(answer.json()["mentionables"]) == 8


def test_what_is_sent_again_after_it_was_edited_or_deleted_is_still_one_message(juniper: SimpleNamespace) -> None:
    client_id = uuid.uuid4()
    (first,) = feed.post(juniper.space, juniper.ana, text="one", client_id=client_id)

    edits.edit(juniper.ana, first, text="two")
    (edited,) = feed.post(juniper.space, juniper.ana, text="one", client_id=client_id)
    deletions.delete(juniper.ana, first)
    (deleted,) = feed.post(juniper.space, juniper.ana, text="one", client_id=client_id)

    assert (edited.pk, edited.text, deleted.pk, deleted.is_deleted) == (first.pk, "two", first.pk, True)
    assert Message.objects.count() == 1


def test_a_message_is_rendered_once_for_its_author_and_for_everybody(
    committed_db: None, make_org: Callable[..., SimpleNamespace], client: Client
) -> None:
    juniper = make_org("Juniper")
    client.force_login(juniper.ana.user)
    rendered: list[str] = []

    def note(template: Any, **_: Any) -> None:
        rendered.append(template.name)

    template_rendered.connect(note)

    path = f"/spaces/{juniper.space.pk}/messages/"
    answer = client.post(path, {"text": "hello"}, headers={"accept": "application/json"})

    template_rendered.disconnect(note)
    (told,) = answer.json()["messages"]
    assert "hello" in told["html"]
    assert rendered.count("chat/_message.html") == 1
