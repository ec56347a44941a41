"""Whom a message tells."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import edits, mentions, notices
from chat.models import Message, Notice, Reply
from tests.chat.notices.cast import come, follow, prefer, say, sit, told
from workspace.errors import Refused
from workspace.models import Space, SpaceKind

Counts = Callable[..., Any]


def test_a_mention_tells_whom_it_names_and_nobody_else(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei and @ana, look")

    assert told(message) == {"Mei": "mention"}


def test_somebody_who_has_not_joined_a_public_space_is_told_by_name_unless_a_guest(juniper: SimpleNamespace) -> None:
    juniper.space.space_members.filter(member=juniper.mei).delete()

    public = say(juniper.space, juniper.ana, "@mei @gus")
    private = say(juniper.private, juniper.ana, "@mei @gus")

    assert told(public) == {"Mei": "mention"}
    assert told(private) == {"Gus": "mention"}


def test_groups_tell_everybody_in_the_space_but_who_calls(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@space lunch")

    assert told(message) == {"Ben": "group", "Mei": "group"}


def test_here_tells_those_who_are_here_now(juniper: SimpleNamespace) -> None:
    come(juniper.mei)
    come(juniper.gus)

    message = say(juniper.space, juniper.ana, "@here lunch")

    assert told(message) == {"Mei": "group"}


def test_a_name_and_a_group_tell_a_person_once_by_the_nearer(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@space and @mei above all")

    assert told(message) == {"Ben": "group", "Mei": "mention"}


def test_an_ordinary_message_tells_only_who_wants_every_one(juniper: SimpleNamespace) -> None:
    sit(juniper.space, juniper.ben, notice_level="all")
    prefer(juniper.mei, level="all")

    here, there = say(juniper.space, juniper.ana), say(juniper.private, juniper.ana)

    assert told(here) == {"Ben": "message", "Mei": "message"}
    assert told(there) == {}


def test_a_muted_space_tells_only_of_a_mention_by_name(juniper: SimpleNamespace) -> None:
    sit(juniper.space, juniper.mei, notice_level="all", is_muted=True)
    root = say(juniper.space, juniper.mei, "root")
    follow(root, juniper.mei)

    assert told(say(juniper.space, juniper.ana)) == {}
    assert told(say(juniper.space, juniper.ana, "@space")) == {"Ben": "group"}
    assert told(say(juniper.space, juniper.ana, "@mei")) == {"Mei": "mention"}


def test_nothing_is_nothing_not_even_a_mention_by_name(juniper: SimpleNamespace) -> None:
    sit(juniper.space, juniper.mei, notice_level="nothing")
    prefer(juniper.ben, level="nothing")

    assert told(say(juniper.space, juniper.ana, "@mei @ben @space")) == {}

    sit(juniper.space, juniper.ben, notice_level="mentions")
    assert told(say(juniper.space, juniper.ana, "@mei @ben @space")) == {"Ben": "mention"}


def test_a_direct_message_tells_all_others_whatever_their_usual_level(juniper: SimpleNamespace) -> None:
    direct = Space.objects.create(
        org=juniper.org, kind=SpaceKind.DIRECT, name="", is_private=True, direct_key="ana-ben-mei"
    )
    for member in (juniper.ana, juniper.ben, juniper.mei):
        sit(direct, member, role="owner")
    prefer(juniper.ben, level="nothing")

    assert told(say(direct, juniper.ana)) == {"Ben": "direct", "Mei": "direct"}

    sit(direct, juniper.mei, is_muted=True)
    assert told(say(direct, juniper.ana)) == {"Ben": "direct"}


def test_who_follows_a_thread_is_told_of_what_is_said_in_it(juniper: SimpleNamespace) -> None:
    root = say(juniper.space, juniper.mei, "root")
    follow(root, juniper.mei)
    follow(root, juniper.ben, is_following=False)
    answer = say(juniper.space, juniper.ana, "answer")
    Notice.objects.all().delete()
    Message.objects.filter(pk=answer.pk).update(parent=root, in_feed=False)
    answer.parent, answer.in_feed = root, False

    notices.note_post(answer, mentions.find("answer", juniper.space, juniper.ana))

    assert told(answer) == {"Mei": "thread"}


def test_who_has_left_or_was_switched_off_is_told_nothing(juniper: SimpleNamespace) -> None:
    juniper.mei.left_at = timezone.now()
    juniper.mei.save()
    juniper.ben.user.is_active = False
    juniper.ben.user.save()

    assert told(say(juniper.space, juniper.ana, "@mei @ben @space")) == {}


def test_a_group_wakes_no_model(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> None:
    make_model("parrot")

    say(juniper.space, juniper.ana, "@here @space hello")

    assert not Reply.objects.exists()


def test_who_posts_has_read_up_to_there(juniper: SimpleNamespace) -> None:
    mine = say(juniper.space, juniper.ana, "@mei")
    assert mine.position > sit(juniper.space, juniper.mei).read_position

    answer = say(juniper.space, juniper.mei, "here I am")

    assert sit(juniper.space, juniper.mei).read_position == answer.position
    assert not Notice.objects.filter(member=juniper.mei, read_at=None).exists()


def test_an_edit_tells_who_is_called_now_and_takes_back_what_nobody_saw(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei")

    notices.note_edit(message, mentions.find("@ben", juniper.space, juniper.ana))
    notices.note_edit(message, mentions.find("@ben", juniper.space, juniper.ana))

    assert told(message) == {"Ben": "mention"}


def test_a_deleted_message_tells_nobody_any_more(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei")

    notices.forget(message)

    assert told(message) == {}


def test_a_reaction_tells_the_author_once_a_person_and_not_of_their_own(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana)

    for emoji in ("👍", "🎉"):
        notices.note_reaction(message, juniper.mei, emoji)
    notices.note_reaction(message, juniper.ana, "👍")

    assert [(n.member, n.actor, n.text) for n in Notice.objects.all()] == [(juniper.ana, juniper.mei, "🎉")]
    notices.drop_reaction(message, juniper.mei, "🎉")
    assert told(message) == {}


def test_an_answer_tells_who_asked(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> None:
    make_model("parrot")
    say(juniper.space, juniper.mei, "@parrot hi")
    answer = Reply.objects.get().message

    notices.note_answer(answer, asker_id=juniper.mei.pk)

    assert told(answer) == {"Mei": "answer"}


@pytest.mark.parametrize("text", ["hello", "@mei @ben @space"])
def test_telling_is_one_query_however_many_are_told(
    text: str, juniper: SimpleNamespace, django_assert_num_queries: Counts
) -> None:
    message = say(juniper.space, juniper.ana)
    found = mentions.find(text, juniper.space, juniper.ana)

    with django_assert_num_queries(1):
        notices.note_post(message, found)


def test_an_edit_calls_everybody_only_where_its_author_may_and_only_once(juniper: SimpleNamespace) -> None:
    by_guest, by_member = say(juniper.private, juniper.gus, "hi"), say(juniper.space, juniper.ana, "@space hello")
    Notice.objects.all().delete()

    with pytest.raises(Refused, match="Guests"):
        edits.edit(juniper.gus, by_guest, text="@space hi")
    edits.edit(juniper.ana, by_member, text="@space good evening")

    assert not told(by_guest) and not told(by_member)
    edits.edit(juniper.ana, say(juniper.space, juniper.ana, "quiet"), text="loud, @space")
    assert Notice.objects.filter(kind="group").count() == 2


def test_who_is_here_is_asked_before_the_space_is_locked(juniper: SimpleNamespace) -> None:
    with CaptureQueriesContext(connection) as posted:
        message = say(juniper.space, juniper.ana, "@here hello")
    with CaptureQueriesContext(connection) as edited:
        edits.edit(juniper.ana, message, text="@here good evening")

    for asked in (posted, edited):
        statements = [query["sql"] for query in asked]
        people = [
            at for at, sql in enumerate(statements) if sql.startswith('SELECT "workspace_spacemember"."member_id"')
        ]
        assert people[0] < next(at for at, sql in enumerate(statements) if "revision = revision +" in sql)
