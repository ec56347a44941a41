"""Editing: the text, what it was before, whom it calls, and what it leaves alone."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import ledger
from chat import broadcast, edits, feed, mentions, replies
from chat.edits import Outdated, compare
from chat.models import Edit, Message, Reply
from workspace.errors import Forbidden, Invalid, NotFound
from workspace.models import Member, Space

JSON = {"Accept": "application/json"}


def post(space: Space, author: Member, text: str) -> list[Message]:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())


def begin(reply: Reply) -> None:
    """As a worker does when it takes an answer."""
    assert replies.claim(reply.pk)


def handles(message: Message) -> set[str]:
    return set(mentions.known_to(message))


@pytest.fixture
def parrot(make_model: Callable[..., Any], db: None) -> Any:
    return make_model("parrot")


def test_an_edit_changes_the_text_and_keeps_what_was_said_before(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "Lunch at *noon*")

    edited = edits.edit(juniper.ana, message, text="Lunch at **one**", seen=message.revision)

    (changed,) = edited.messages
    assert (changed.text, changed.html, changed.revision) == (
        "Lunch at **one**",
        "<p>Lunch at <strong>one</strong></p>\n",
        2,
    )
    assert changed.edited_at is not None and "edited" in str(broadcast.as_json(changed)["html"])
    assert [(each.text, each.revision) for each in Edit.objects.all()] == [("Lunch at *noon*", 2)]


def test_the_same_text_again_is_no_edit(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello @mei")

    edits.edit(juniper.ana, message, text="hello @mei")

    message.refresh_from_db()
    assert (message.revision, message.edited_at, Edit.objects.count()) == (1, None, 0)
    assert Space.objects.get(pk=juniper.space.pk).revision == 1


def test_only_the_author_edits_and_only_a_message_of_a_person(juniper: SimpleNamespace, parrot: Any) -> None:
    question, answer = post(juniper.space, juniper.ana, "@parrot hello")

    for member, message in ((juniper.ben, question), (juniper.mei, question), (juniper.ana, answer)):
        with pytest.raises(Forbidden, match="author"):
            edits.edit(member, message, text="something else")
    assert edits.edit(juniper.ana, question, text="@parrot good evening").messages


@pytest.mark.parametrize("text", ["", "  \n", "\u200b"])
def test_an_empty_text_is_refused(juniper: SimpleNamespace, text: str) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")

    with pytest.raises(Invalid, match="empty"):
        edits.edit(juniper.ana, message, text=text)

    assert Message.objects.get(pk=message.pk).text == "hello"


def test_nothing_is_edited_in_a_space_that_is_archived(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    with pytest.raises(Forbidden):
        edits.edit(juniper.ana, message, text="good evening")

    assert Message.objects.get(pk=message.pk).text == "hello"


def test_whoever_has_not_seen_the_last_edit_is_refused_and_others_reactions_are_no_edit(
    juniper: SimpleNamespace,
) -> None:
    from chat import reactions

    (message,) = post(juniper.space, juniper.ana, "one")
    seen = message.revision
    reactions.toggle(juniper.mei, message, emoji="👍")
    (second,) = edits.edit(juniper.ana, message, text="two", seen=seen).messages

    with pytest.raises(Outdated, match="elsewhere"):
        edits.edit(juniper.ana, message, text="three", seen=seen)

    assert Message.objects.get(pk=message.pk).text == "two"
    edits.edit(juniper.ana, message, text="three", seen=second.revision)
    assert Message.objects.get(pk=message.pk).text == "three"


def test_whom_an_edit_names_is_mentioned_and_whom_it_no_longer_names_is_not(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "@mei and @ben, lunch?")

    (changed,) = edits.edit(juniper.ana, message, text="@ben and @gus, @here: lunch?").messages

    assert handles(message) == {"ben", "gus", "here"}
    assert set(changed.mention_ids) == {str(juniper.ben.pk), str(juniper.gus.pk)}


def test_a_mention_of_somebody_who_has_left_survives_an_edit(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "@mei says hello")
    Member.objects.filter(pk=juniper.mei.pk).update(left_at=timezone.now())

    edits.edit(juniper.ana, message, text="@mei said hello")

    assert Message.objects.get(pk=message.pk).text == f"<@M:{juniper.mei.pk}> said hello"
    assert handles(message) == {"mei"}


def test_a_model_that_an_edit_names_is_not_asked_and_nothing_is_held(
    juniper: SimpleNamespace, parrot: Any, client: Client
) -> None:
    (message,) = post(juniper.space, juniper.ana, "what do you think?")
    before = ledger.balance(juniper.org.pk)
    client.force_login(juniper.ana.user)

    answer = client.post(
        reverse("message_edit", args=[message.pk]), {"text": "@parrot what do you think?"}, headers=JSON
    )

    assert answer.status_code == 200
    assert answer.json()["said"] == "An edit asks no model. To ask @parrot, send a new message."
    assert (Reply.objects.count(), ledger.balance(juniper.org.pk)) == (0, before)
    assert handles(message) == {"parrot"}


def test_an_answer_begun_before_the_edit_is_marked_and_one_that_waits_reads_the_new_text(
    juniper: SimpleNamespace, make_model: Callable[..., Any], parrot: Any
) -> None:
    make_model("owl")
    question, early, late = post(juniper.space, juniper.ana, "@parrot and @owl, what is two and two?")
    begin(early.reply)

    edited = edits.edit(juniper.ana, question, text="@parrot and @owl, what is two and three?")

    assert [each.pk for each in edited.messages] == [question.pk, early.pk]
    shown = {each.pk: str(broadcast.as_json(each)["html"]) for each in feed.load([early.pk, late.pk])}
    assert "asked before the question was edited" in shown[early.pk]
    assert "asked before" not in shown[late.pk]
    job = replies.claim(late.reply.pk)
    assert job and job.request.turns[-1].text.endswith("what is two and three?")
    assert not Reply.objects.get(pk=late.reply.pk).is_stale
    revisions = [each.revision for each in Message.objects.filter(space=juniper.space)]
    assert len(set(revisions)) == len(revisions)


def test_a_name_in_quoted_lines_calls_nobody(juniper: SimpleNamespace, parrot: Any) -> None:
    written = post(juniper.space, juniper.ana, "> @parrot and @mei, are you there?\n\nI asked that, @ben")

    assert len(written) == 1
    assert handles(written[0]) == {"ben"}


def test_the_history_says_what_was_added_and_what_was_taken_away(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "@mei brings tea")
    edits.edit(juniper.ana, message, text="@mei brings green tea")
    (last,) = edits.edit(juniper.ana, message, text="@ben brings green tea").messages

    versions = edits.history(last).versions

    assert [each.runs for each in versions] == [
        [("removed", "@mei"), ("added", "@ben"), ("kept", " brings green tea")],
        [("kept", "@mei brings "), ("added", "green "), ("kept", "tea")],
        [("kept", "@mei brings tea")],
    ]
    assert [each.at for each in versions] == sorted((each.at for each in versions), reverse=True)


def test_the_history_is_a_page_for_whoever_sees_the_message(juniper: SimpleNamespace, client: Client) -> None:
    (message,) = post(juniper.private, juniper.ana, "the <b>old</b> plan")
    path = reverse("message_history", args=[message.pk])
    client.force_login(juniper.gus.user)
    assert client.get(path).status_code == 404  # nothing was edited yet

    edits.edit(juniper.ana, message, text="the new plan")

    page = client.get(path).content.decode()
    assert "<del>&lt;b&gt;old&lt;/b&gt;</del><ins>new</ins>" in page and "data-panel=" in page
    client.force_login(juniper.mei.user)
    assert client.get(path).status_code == 404


def test_where_no_spaces_part_the_words_each_character_is_compared() -> None:
    runs = compare("好，我今天看完。", "好，我明天看完 it。")

    assert runs == [
        *(("kept", "好，我"), ("removed", "今"), ("added", "明"), ("kept", "天看完")),
        *(("added", " it"), ("kept", "。")),
    ]


def test_long_texts_are_compared_by_lines() -> None:
    old = "".join(f"line {number} of many words that say little\n" for number in range(600))

    runs = compare(old, old.replace("line 3 of", "line 3 and of").replace("line 100 of", "line 100 and of"))

    assert [kind for kind, _ in runs] == ["kept", *["removed", "added", "kept"] * 2]
    assert all(text.count("\n") == 1 for kind, text in runs if kind != "kept")
    assert "".join(text for kind, text in runs if kind != "added") == old


def test_texts_that_are_meant_to_be_hard_to_compare_are_shown_whole_but_for_what_they_share() -> None:
    old = "".join(f"{'ab'[number * number % 7 % 2]}\n" for number in range(1000))
    new = "".join(f"{'ab'[number * number % 11 % 2]}\n" for number in range(1000))

    runs = compare(f"same beginning {old}same end", f"same beginning {new}same end")

    assert [kind for kind, _ in runs] == ["kept", "removed", "added", "kept"]
    assert "".join(text for kind, text in runs if kind != "added") == f"same beginning {old}same end"
    assert "".join(text for kind, text in runs if kind != "removed") == f"same beginning {new}same end"


def test_a_history_comes_a_page_at_a_time(juniper: SimpleNamespace, client: Client) -> None:
    (message,) = post(juniper.space, juniper.ana, "number 0")
    for number in range(1, edits.VERSIONS_A_PAGE + 3):
        edits.edit(juniper.ana, message, text=f"number {number}")
    client.force_login(juniper.ana.user)
    path = reverse("message_history", args=[message.pk])

    first, last = client.get(path).content.decode(), client.get(f"{path}?page=2").content.decode()

    assert (first.count("version__head"), last.count("version__head")) == (edits.VERSIONS_A_PAGE, 3)
    assert "as it is now" in first and "as it was sent" not in first and f'href="{path}?page=2"' in first
    assert "as it was sent" in last and "as it is now" not in last and "?page=3" not in last
    assert client.get(f"{path}?page=3").status_code == 404


@pytest.mark.parametrize("literal", ["-" * 36, "0" * 36, "{secret}"])
def test_a_mark_that_was_typed_tells_nobodys_name_and_breaks_nothing(
    juniper: SimpleNamespace, client: Client, literal: str
) -> None:
    mark = f"<@M:{literal.format(secret=juniper.mei.pk)}>"
    (message,) = post(juniper.private, juniper.gus, f"one {mark} `<@A:1>`")
    edits.edit(juniper.gus, message, text=f"two {mark}")
    edits.edit(juniper.gus, message, text=f"three {mark}")
    client.force_login(juniper.gus.user)

    page = client.get(reverse("message_history", args=[message.pk])).content.decode()

    assert page.count(mark.replace("<", "&lt;").replace(">", "&gt;")) == 3
    assert f"@{juniper.mei.handle}" not in page


def test_a_refused_edit_gives_the_text_back(juniper: SimpleNamespace, client: Client) -> None:
    (message,) = post(juniper.space, juniper.ana, "one")
    edits.edit(juniper.ana, message, text="two")
    client.force_login(juniper.ana.user)
    path = reverse("message_edit", args=[message.pk])
    fields = {"text": "my own three", "revision": "1"}

    as_page, as_json = client.post(path, fields), client.post(path, fields, headers=JSON)

    assert (as_page.status_code, as_json.status_code) == (409, 409)
    page = as_page.content.decode()
    assert "my own three</textarea>" in page and "edited elsewhere" in page
    assert f'name="revision" value="{Message.objects.get(pk=message.pk).revision}"' in page
    assert as_json.json()["error"]["code"] == "outdated"


def test_the_source_is_what_its_author_typed(juniper: SimpleNamespace, client: Client) -> None:
    text = "@mei, `<@G:here>` and <@M:nobody> stay, > so does this"
    (message,) = post(juniper.space, juniper.ana, text)
    client.force_login(juniper.ben.user)

    shown = client.get(reverse("message", args=[message.pk]), headers=JSON).json()["message"]

    assert shown["source"] == text
    edits.edit(juniper.ana, message, text=shown["source"])
    assert not Edit.objects.exists()


def test_a_message_without_edits_has_no_history(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")

    with pytest.raises(NotFound):
        edits.history(message)


def test_an_edit_takes_a_steady_number_of_queries(
    juniper: SimpleNamespace, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    (message,) = post(juniper.space, juniper.ana, "@mei hello")
    message = Message.objects.for_page().get(pk=message.pk)

    with django_assert_max_num_queries(
        30
    ):  # two of them let go of the notice of who is no longer called, and its pushes
        edits.edit(juniper.ana, message, text="@ben hello")
