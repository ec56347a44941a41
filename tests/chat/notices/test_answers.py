"""Who is told that a model has answered."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import asking, directs, feed, replies
from chat.models import Message, Notice, NoticeKind, Reply
from chat.notices import unread
from chat.replies import Ending
from gateway.wire import Try
from tests.chat.notices.cast import follow, prefer, say, sit, told
from workspace.models import Member, NoticeLevel, Space


@pytest.fixture
def parrot(make_model: Callable[..., Any], db: None) -> Any:
    return make_model("parrot")


def ask(space: Space, asker: Member, *, parent: Message | None = None) -> Message:
    """The answer that waits for a worker."""
    return feed.post(space, asker, text="@parrot hello?", client_id=uuid.uuid4(), parent=parent)[1]


def end(answer: Message, *, state: str = "finished", text: str = "Hello!") -> None:
    job = replies.claim(Reply.objects.get(message=answer).pk)
    assert job
    job.metered.tries.append(Try(1, job.metered.route.targets[0], timezone.now(), "ok"))
    replies.end(job, text=text, ending=Ending(state, "" if state == "finished" else state))


def test_who_asked_is_told_when_the_answer_is_there_and_not_before(juniper: SimpleNamespace, parrot: Any) -> None:
    prefer(juniper.ben, level=NoticeLevel.ALL)
    answer = ask(juniper.space, juniper.mei)

    before = told(answer)
    end(answer)

    assert before == {}
    assert told(answer) == {"Mei": NoticeKind.ANSWER, "Ben": NoticeKind.MESSAGE}


@pytest.mark.parametrize(("state", "text"), [("stopped", "Hel"), ("failed", "Hel"), ("finished", "")])
def test_one_that_was_cut_off_or_says_nothing_tells_nobody(
    state: str, text: str, juniper: SimpleNamespace, parrot: Any
) -> None:
    answer = ask(juniper.space, juniper.mei)

    end(answer, state=state, text=text)

    assert not Notice.objects.exists()


@pytest.mark.parametrize("silent", [{"is_muted": True}, {"notice_level": NoticeLevel.NOTHING}])
def test_a_space_that_was_silenced_stays_so(silent: dict[str, Any], juniper: SimpleNamespace, parrot: Any) -> None:
    answer = ask(juniper.space, juniper.mei)
    sit(juniper.space, juniper.mei, **silent)

    end(answer)

    assert told(answer) == {}


def test_who_follows_the_thread_is_told_and_who_does_not_is_not(juniper: SimpleNamespace, parrot: Any) -> None:
    root = say(juniper.space, juniper.ana)
    follow(root, juniper.ben)
    answer = ask(juniper.space, juniper.mei, parent=root)
    Notice.objects.all().delete()

    end(answer)

    assert told(answer) == {"Mei": NoticeKind.ANSWER, "Ben": NoticeKind.THREAD, "Ana": NoticeKind.THREAD}


def test_in_a_direct_conversation_the_others_are_told_as_of_any_message(juniper: SimpleNamespace, parrot: Any) -> None:
    space = directs.open(juniper.mei, [juniper.ben])
    answer = ask(space, juniper.mei)
    Notice.objects.all().delete()

    end(answer)

    assert told(answer) == {"Mei": NoticeKind.ANSWER, "Ben": NoticeKind.DIRECT}


def test_trying_again_tells_once_of_the_answer_that_came(juniper: SimpleNamespace, parrot: Any) -> None:
    first = ask(juniper.space, juniper.mei)
    end(first, state="failed", text="")
    again = asking.retry(juniper.mei, Reply.objects.get(message=first))[1]

    end(again)

    (notice,) = Notice.objects.all()
    assert (notice.member, notice.message_id, notice.kind) == (juniper.mei, again.pk, NoticeKind.ANSWER)


def test_who_looks_at_the_space_settles_it_although_its_place_was_read_long_ago(
    juniper: SimpleNamespace, parrot: Any
) -> None:
    answer = ask(juniper.space, juniper.mei)
    unread.read(juniper.mei, juniper.space, answer.position)
    end(answer)

    unread.read(juniper.mei, juniper.space, answer.position)

    assert Notice.objects.get().read_at is not None


def test_telling_takes_one_query_however_many_are_told(juniper: SimpleNamespace, parrot: Any) -> None:
    for who in (juniper.ana, juniper.ben, juniper.mei):
        prefer(who, level=NoticeLevel.ALL)
    answer = ask(juniper.space, juniper.mei)

    with CaptureQueriesContext(connection) as queries:
        end(answer)

    about = [query["sql"] for query in queries if "chat_notice" in query["sql"].replace("chat_noticesettings", "")]
    assert len(about) == 1
    assert len(told(answer)) == 3
