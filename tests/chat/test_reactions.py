"""Reactions: which emoji, how often, by whom."""

import threading
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat import broadcast, emojis, feed, reactions
from chat.models import Message, Reaction
from chat.reactions import KINDS_MAX
from workspace.errors import Forbidden, Invalid
from workspace.models import Space

JSON = {"Accept": "application/json"}


@pytest.fixture
def message(juniper: SimpleNamespace) -> Message:
    return feed.post(juniper.space, juniper.ana, text="hello", client_id=uuid.uuid4())[0]


def shown(message: Message) -> list[tuple[str, list[str]]]:
    (row,) = feed.load([message.pk])
    return [(chip.emoji, chip.names) for chip in row.chips]


def test_a_reaction_comes_and_goes_and_takes_a_revision_each_time(juniper: SimpleNamespace, message: Message) -> None:
    for member, emoji in ((juniper.ana, "👍"), (juniper.mei, "🎉"), (juniper.mei, "👍")):
        reactions.toggle(member, message, emoji=emoji)
    assert shown(message) == [("👍", ["Ana", "Mei"]), ("🎉", ["Mei"])]

    reactions.toggle(juniper.ana, message, emoji="👍")

    assert shown(message) == [("🎉", ["Mei"]), ("👍", ["Mei"])]
    assert Message.objects.get(pk=message.pk).revision == Space.objects.get(pk=juniper.space.pk).revision == 5


def test_one_emoji_has_one_spelling(juniper: SimpleNamespace, message: Message) -> None:
    for member, emoji in (
        (juniper.ana, "❤️"),
        (juniper.ben, "❤"),
        (juniper.ana, "👍🏽"),
        (juniper.ben, "👍"),
        (juniper.ana, "☝🏿"),
    ):
        reactions.toggle(member, message, emoji=emoji)

    assert [(emoji, len(names)) for emoji, names in shown(message)] == [("❤️", 2), ("👍", 2), ("☝️", 1)]


HOSTILE = [
    *("", " ", "a", "1", "#", "👍👍", "👍 ", "👍a", "\U0001f3fb", "\ufe0f", "\u200d", "🇹", "<b>", "\x00", "☃\x00"),
    *(
        "👍" * 40,
        "'; DROP TABLE chat_reaction; --",
        "<img src=x onerror=alert(1)>",
        ":thumbsup:",
        "👨\u200d",
        "\U0001f9ff\u0301",
    ),
]


@pytest.mark.parametrize("emoji", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_emoji_is_refused_in_words(
    emoji: str, juniper: SimpleNamespace, message: Message, client: Client
) -> None:
    client.force_login(juniper.mei.user)

    answer = client.post(reverse("react", args=[message.pk]), {"emoji": emoji}, headers=JSON)

    expected = 200 if emoji.strip() == "👍" else 422  # spaces around a field's value are nobody's meaning
    assert answer.status_code == expected, answer.content
    assert Reaction.objects.count() == (expected == 200)


def test_a_message_holds_fifty_kinds_and_more_people_still_join_them(
    juniper: SimpleNamespace, message: Message
) -> None:
    kinds = list(emojis._spellings().values())[:KINDS_MAX]
    for emoji in kinds:
        Reaction.objects.create(org=juniper.org, message=message, member=juniper.ana, emoji=emoji)

    with pytest.raises(Invalid, match="50 different"):
        reactions.toggle(juniper.mei, message, emoji="🥑")
    reactions.toggle(juniper.mei, message, emoji=kinds[0])

    assert len(shown(message)) == KINDS_MAX


def test_a_wanted_state_said_twice_holds(juniper: SimpleNamespace, message: Message, client: Client) -> None:
    client.force_login(juniper.mei.user)
    path = reverse("react", args=[message.pk])

    for on in ("1", "1"):
        assert client.post(path, {"emoji": "👍", "on": on}, headers=JSON).status_code == 200
    assert shown(message) == [("👍", ["Mei"])]
    for on in ("0", "0"):
        assert client.post(path, {"emoji": "👍", "on": on}, headers=JSON).status_code == 200

    assert shown(message) == []
    assert Message.objects.get(pk=message.pk).revision == 3
    assert client.post(path, {"emoji": "👍", "on": "perhaps"}, headers=JSON).status_code == 422


def test_one_who_presses_many_times_at_once_reacts_once(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    (message,) = feed.post(juniper.space, juniper.ana, text="hello", client_id=uuid.uuid4())
    start = threading.Barrier(5)

    def press() -> None:
        start.wait()
        try:
            reactions.toggle(juniper.mei, message, emoji="👍", is_on=True)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shown(message) == [("👍", ["Mei"])]
    assert Space.objects.get(pk=juniper.space.pk).revision == 2


def test_an_archived_space_takes_no_reaction(juniper: SimpleNamespace, message: Message) -> None:
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    with pytest.raises(Forbidden):
        reactions.toggle(juniper.mei, message, emoji="👍")

    assert not Reaction.objects.exists()


def test_a_chip_tells_who_reacted_and_nothing_of_a_name_is_markup(
    juniper: SimpleNamespace, message: Message, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper.mei.display_name = '<b>Mei</b>"'
    juniper.mei.save()
    reactions.toggle(juniper.mei, message, emoji="👍")

    (row,) = feed.load([message.pk])
    html = str(broadcast.as_json(row)["html"])

    assert f'data-member-ids="{juniper.mei.pk}"' in html
    assert "<b>Mei" not in html and "&lt;b&gt;Mei&lt;/b&gt;&quot; reacted with 👍" in html


def test_reactions_of_a_page_take_one_query_however_many(
    juniper: SimpleNamespace, message: Message, django_assert_num_queries: Callable[..., Any]
) -> None:
    other, *_ = feed.post(juniper.space, juniper.ana, text="hello", client_id=uuid.uuid4())
    for emoji in ("👍", "🎉", "❤️"):
        for member in (juniper.ana, juniper.ben, juniper.mei):
            reactions.toggle(member, message, emoji=emoji)
            reactions.toggle(member, other, emoji=emoji)

    with django_assert_num_queries(5):
        found = feed.latest(juniper.space).messages
        assert [len(each.chips) for each in found] == [3, 3]
        assert all(broadcast.as_json(each) for each in found)


def test_the_list_of_emoji_is_small_searchable_and_may_be_kept(client: Client, db: None) -> None:
    answer = client.get(reverse("emoji"))

    groups = answer.json()["groups"]
    rows = {row[0]: row[1:] for group in groups for row in group["emoji"]}
    assert [group["name"] for group in groups][:2] == ["smileys", "people"] and len(rows) > 1800
    assert rows["👍"] == ["thumbs up", "thumbsup +1", "拇指向上"]
    assert rows["🍜"][2] == "麵條" and rows["🎂"][2] == "生日蛋糕"
    assert all(emojis.spelled(emoji) == emoji for emoji in rows)
    assert answer["Cache-Control"] == "private, max-age=604800"
    zipped = client.get(reverse("emoji"), headers={"Accept-Encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip" and len(zipped.content) < 40_000
    assert client.get(reverse("emoji"), headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_form_without_an_emoji_is_refused(juniper: SimpleNamespace, message: Message, client: Client) -> None:
    client.force_login(juniper.mei.user)

    answer = client.post(reverse("react", args=[message.pk]), {}, headers=JSON)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_emoji")
