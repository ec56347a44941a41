"""Mentions: whom a text means, and the list that the composer offers."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chat import feed, mentions
from chat.models import Mention, Reply
from workspace import members, spaces
from workspace.errors import Invalid
from workspace.models import Member, Role, SpaceMember, User


@pytest.fixture
def parrot(make_model: Callable[..., Any], db: None) -> Any:
    return make_model("parrot-1.5")


def stored(space: Any, author: Member, text: str) -> str:
    return mentions.find(text, space, author).text


def test_handles_become_ids_and_each_is_called_once(juniper: SimpleNamespace, parrot: Any) -> None:
    found = mentions.find("@mei, @MEI and @parrot-1.5: @here!", juniper.space, juniper.ana)

    mei, model = f"<@M:{juniper.mei.pk}>", f"<@A:{parrot.pk}>"
    assert found.text == f"{mei}, {mei} and {model}: <@G:here>!"
    assert (found.members, found.ai_models, found.groups) == ([juniper.mei], [parrot], ["here"])
    assert found.names == {f"M:{juniper.mei.pk}": "mei", f"A:{parrot.pk}": "parrot-1.5", "G:here": "here"}


CODE = {
    "a span": "`@mei`",
    "a span of two ticks": "``@mei ` @mei``",
    "a span over two lines": "`one\n@mei`",
    "a fence": "```\n@mei\n```",
    "a fence with a language": "```python\n@mei\ndef f(): ...\n```",
    "a fence of tildes": "~~~\n@mei\n~~~",
    "a fence that is never closed": "```\n@mei\n\n@mei",
    "an indented block": "text\n\n    @mei\n\t@mei",
    "a fence in a list": "- one\n\n  ```\n  @mei\n  ```",
    "a fence after odd line ends": "a\x0bb\x0cc\u2028d\x85e\n~~~\n@mei\n~~~",
}


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_nothing_in_code_is_a_mention(text: str, juniper: SimpleNamespace) -> None:
    assert stored(juniper.space, juniper.ana, text) == text


@pytest.mark.parametrize("text", ["> @mei", "> one\n>@mei", ">> @mei"])
def test_nobody_is_called_by_being_quoted(text: str, juniper: SimpleNamespace) -> None:
    assert stored(juniper.space, juniper.ana, text) == text.strip("\n ")


BESIDE_CODE = {
    "after a fence": "```\ncode\n```\n@mei",
    "after a fence and odd line ends": "~~~\na\x0bb\u2028c\n~~~\n@mei",
    "after a span": "`code` @mei",
    "between two ticks that are none": "it`s @mei",
    "in an indented paragraph": "text\n    @mei",
    "in a list": "- @mei",
    "after a quoted line": "> hello\n@mei",
    "in brackets": "(@mei)",
    "before a stop": "@mei.",
    "after a stop": "Thanks.\n@mei",
}


@pytest.mark.parametrize("text", BESIDE_CODE.values(), ids=BESIDE_CODE)
def test_beside_code_a_mention_is_one(text: str, juniper: SimpleNamespace) -> None:
    assert stored(juniper.space, juniper.ana, text) == text.replace("@mei", f"<@M:{juniper.mei.pk}>")


@pytest.mark.parametrize(
    "text",
    ["mail@mei", "@@mei", "x/@mei", "@meine", "me@mei.example.com", "+@mei", "@ mei", "@", "@-mei", "@m\u200bei"],
)
def test_what_only_looks_like_a_mention_stays_text(text: str, juniper: SimpleNamespace) -> None:
    assert stored(juniper.space, juniper.ana, text) == text


def test_only_whom_the_author_may_see_is_found(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    stranger = members.admit(other.org, User.objects.create(email="sam@example.com", name="Sam"), role=Role.MEMBER)
    members.remove(juniper.ana, juniper.ben)
    SpaceMember.objects.create(org=juniper.org, space=juniper.space, member=juniper.gus)

    def found(space: Any, author: Member) -> set[str]:
        text = f"@ana @ben @mei @gus @{stranger.handle}"
        return {member.handle for member in mentions.find(text, space, author).members}

    assert found(juniper.space, juniper.mei) == {"ana", "mei", "gus"}
    assert found(juniper.space, juniper.gus) == {"ana", "mei", "gus"}
    assert found(juniper.private, juniper.ana) == {"ana", "gus"}
    spaces.remove(juniper.ana, juniper.space, juniper.mei)
    assert found(juniper.space, juniper.gus) == {"ana", "gus"}
    assert found(juniper.space, juniper.ana) == {"ana", "mei", "gus"}


def test_a_model_that_nobody_serves_today_is_text(juniper: SimpleNamespace, parrot: Any) -> None:
    parrot.offers.update(withdrawn_at=timezone.now())

    message, *answers = feed.post(juniper.space, juniper.ana, text="@parrot-1.5 hello", client_id=uuid.uuid4())

    assert (message.text, answers) == ("@parrot-1.5 hello", [])
    assert not Mention.objects.exists() and not Reply.objects.exists()


def test_an_id_that_is_typed_by_hand_calls_nobody(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    text = f"<@M:{juniper.mei.pk}> <@M:{other.mei.pk}> <@A:1> <@G:here>"

    message, *_ = feed.post(juniper.space, juniper.ana, text=text, client_id=uuid.uuid4())

    assert message.text == text
    assert 'class="mention"' not in message.html
    assert not Mention.objects.exists()


def test_a_message_calls_at_most_fifty_times_and_eight_models(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    handles = [make_model(f"model-{number}").handle for number in range(9)]

    assert len(mentions.find("@mei " * 50, juniper.space, juniper.ana).members) == 1
    with pytest.raises(Invalid, match="50 times; this one does 51 times"):
        mentions.find("@mei " * 51, juniper.space, juniper.ana)
    with pytest.raises(Invalid, match="At most 8 models"):
        mentions.find(" ".join(f"@{handle}" for handle in handles), juniper.space, juniper.ana)
    assert (
        len(mentions.find(" ".join(f"@{handle}" for handle in handles[:8]), juniper.space, juniper.ana).ai_models) == 8
    )


def test_a_new_handle_changes_no_old_message(juniper: SimpleNamespace) -> None:
    message, *_ = feed.post(juniper.space, juniper.ana, text="@mei hello", client_id=uuid.uuid4())

    Member.objects.filter(pk=juniper.mei.pk).update(handle="mei-2")

    assert mentions.names_of([message.pk]) == {f"M:{juniper.mei.pk}": "mei-2"}


# --- the list behind the @ ------------------------------------------------------------------------


def offered(space: Any, member: Member, query: str = "") -> list[str]:
    return [str(row["handle"]) for row in mentions.suggest(space, member, query)]


@pytest.fixture
def crowd(juniper: SimpleNamespace, parrot: Any) -> SimpleNamespace:
    """Zoe and Abe are in the organization, and not in the Space."""
    for name in ("Zoe Ant", "Abe Zebra"):
        member = members.admit(juniper.org, User.objects.create(email=f"{name[0]}@e.test", name=name), role=Role.MEMBER)
        setattr(juniper, name.split()[0].lower(), member)
    return juniper


def test_people_here_come_first_then_others_then_models(crowd: SimpleNamespace) -> None:
    assert offered(crowd.space, crowd.ana) == ["ben", "mei", "abe-zebra", "gus", "zoe-ant", "parrot-1.5"]


def test_whom_one_mentioned_last_comes_before_everybody(crowd: SimpleNamespace) -> None:
    for text in ("@zoe-ant look", "@parrot-1.5 say something", "@gus look"):
        feed.post(crowd.space, crowd.ana, text=text, client_id=uuid.uuid4())

    assert offered(crowd.space, crowd.ana)[:3] == ["gus", "parrot-1.5", "zoe-ant"]
    assert offered(crowd.space, crowd.mei)[:2] == ["ana", "ben"]


def test_a_query_finds_beginnings_of_handles_and_names(crowd: SimpleNamespace) -> None:
    assert offered(crowd.space, crowd.ana, "ZO") == ["zoe-ant"]
    assert offered(crowd.space, crowd.ana, "Abe Z") == ["abe-zebra"]
    assert offered(crowd.space, crowd.ana, "par") == ["parrot-1.5"]
    assert offered(crowd.space, crowd.ana, "he") == ["here"]
    assert offered(crowd.space, crowd.ana, "nobody") == []
    assert offered(crowd.space, crowd.ana, "%") == offered(crowd.space, crowd.ana, "_") == []


def test_a_private_space_and_a_guest_are_offered_only_who_is_in_it(
    crowd: SimpleNamespace, other: SimpleNamespace
) -> None:
    SpaceMember.objects.create(org=crowd.org, space=crowd.space, member=crowd.gus)

    assert offered(crowd.private, crowd.ana) == ["ben", "gus", "parrot-1.5"]
    assert offered(crowd.space, crowd.gus) == ["ana", "ben", "mei", "parrot-1.5"]
    assert offered(crowd.space, crowd.gus, "zoe") == []


def test_at_most_twelve_are_offered_and_each_says_who_it_is(
    crowd: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    for number in range(20):
        make_model(f"model-{number:02}")

    rows = mentions.suggest(crowd.space, crowd.ana, "")

    assert len(rows) == 12
    assert set(rows[0]) == {"kind", "id", "picture", "handle", "name", "detail", "here"}
    assert (rows[0]["detail"], rows[0]["here"]) == ("Admin", True)
    assert rows[2]["detail"] == "Member, not in this Space yet"
    assert rows[-1]["detail"] == "about 0.45 credits a message"
