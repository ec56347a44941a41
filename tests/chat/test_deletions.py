"""Deleting: a tombstone stays, and nothing of what was said."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from billing import ledger
from chat import asking, bookmarks, briefs, broadcast, deletions, directs, edits, feed, pins, reactions, replies
from chat.models import Attachment, Bookmark, Edit, File, FileKind, Mention, Message, Notice, Reaction, Reply
from chat.replies import Ending
from gateway.wire import Try
from workspace import members
from workspace.errors import Forbidden, Invalid, Refused
from workspace.models import AuditLine, Member, Space, SpaceMember, SpaceRole


def post(space: Space, author: Member, text: str) -> list[Message]:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())


@pytest.fixture
def parrot(make_model: Callable[..., Any], db: None) -> Any:
    return make_model("parrot")


def test_nothing_of_a_deleted_message_is_left_but_that_it_was_there(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "@mei, the plum secret")
    edits.edit(juniper.ana, message, text="@mei, the plum secret, again")
    reactions.toggle(juniper.mei, message, emoji="👍")
    pins.pin(juniper.ana, message)
    bookmarks.add(juniper.ben, message)
    file = File.objects.create(
        org=juniper.org, name="plum.txt", kind=FileKind.TEXT, media_type="text/plain", size_bytes=1, key="plum"
    )
    Attachment.objects.create(org=juniper.org, message=message, file=file)
    Notice.objects.create(org=juniper.org, member=juniper.mei, kind="mention", space=juniper.space, message=message)

    (left,) = deletions.delete(juniper.ana, message)

    for table in (Edit, Reaction, Mention, Attachment, Bookmark, Notice):
        assert not table.objects.exists(), table
    assert (left.state, left.text, left.html, left.pinned_at) == ("deleted", "", "", None)
    shown = str(broadcast.as_json(left)["html"])
    assert "plum" not in shown and "This message was deleted." in shown
    assert left.position == message.position
    assert [each.pk for each in feed.latest(juniper.space).messages] == [message.pk]


def test_the_author_and_who_manages_the_space_delete_and_nobody_else(juniper: SimpleNamespace) -> None:
    by_mei, by_ben, by_ana = (post(juniper.space, who, "hello")[0] for who in (juniper.mei, juniper.ben, juniper.ana))

    for message in (by_ben, by_ana):
        with pytest.raises(Forbidden, match="author"):
            deletions.delete(juniper.mei, message)
    deletions.delete(juniper.ana, by_ben)  # the Space's owner
    deletions.delete(juniper.ben, by_ana)  # an admin who sees the Space
    deletions.delete(juniper.mei, by_mei)

    assert Message.objects.exclude(deleted_at=None).count() == 3
    told = AuditLine.objects.filter(action="message.deleted").order_by("pk")
    assert [line.subject for line in told] == [str(by_ben.pk), str(by_ana.pk)]  # one's own is nobody's business


def test_deleting_twice_is_deleting_once(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")
    deletions.delete(juniper.ana, message)
    revision = Space.objects.get(pk=juniper.space.pk).revision

    deletions.delete(juniper.ana, message)

    assert Space.objects.get(pk=juniper.space.pk).revision == revision


def test_nothing_is_done_with_a_deleted_message(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")
    deletions.delete(juniper.ana, message)

    gone = Message.objects.get(pk=message.pk)
    for act in (
        lambda: edits.edit(juniper.ana, gone, text="back again"),
        lambda: reactions.toggle(juniper.ana, message, emoji="👍"),
        lambda: pins.pin(juniper.ana, message),
        lambda: bookmarks.add(juniper.ana, gone),
    ):
        with pytest.raises(Invalid, match="deleted"):
            act()


def test_an_archived_space_keeps_its_messages(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ana, "hello")
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    with pytest.raises(Forbidden):
        deletions.delete(juniper.ana, message)

    assert Message.objects.get(pk=message.pk).text == "hello"


def test_what_was_deleted_is_in_no_later_request(juniper: SimpleNamespace, parrot: Any) -> None:
    (secret,) = post(juniper.space, juniper.ana, "the plum secret")
    post(juniper.space, juniper.ana, "the pear is known")
    deletions.delete(juniper.ana, secret)

    _, answer = post(juniper.space, juniper.ana, "@parrot what do you know?")

    job = replies.claim(answer.reply.pk)
    assert job
    told = " ".join(turn.text for turn in job.request.turns)
    assert "pear" in told and "plum" not in told


def test_a_deleted_question_is_not_asked_and_its_credits_come_back(juniper: SimpleNamespace, parrot: Any) -> None:
    before = ledger.balance(juniper.org.pk).free_ucr
    question, answer = post(juniper.space, juniper.ana, "@parrot the plum secret?")
    assert ledger.balance(juniper.org.pk).free_ucr < before

    deletions.delete(juniper.ana, question)

    reply = Reply.objects.get(pk=answer.reply.pk)
    assert (reply.state, ledger.balance(juniper.org.pk).free_ucr) == ("stopped", before)
    with pytest.raises(Refused, match="deleted"):
        asking.retry(juniper.ana, reply)


def test_an_answer_that_has_begun_outlives_its_question(juniper: SimpleNamespace, parrot: Any) -> None:
    question, answer = post(juniper.space, juniper.ana, "@parrot hello?")
    job = replies.claim(answer.reply.pk)
    assert job
    job.metered.tries.append(Try(1, job.metered.route.targets[0], timezone.now(), "ok"))

    deletions.delete(juniper.ana, question)
    replies.end(job, text="Hello!", ending=Ending("finished"))

    (shown,) = feed.load([answer.pk])
    assert (shown.state, shown.text) == ("finished", "Hello!")
    with pytest.raises(replies.QuestionGone):
        replies.shorter(job, by=2)


def test_an_answer_in_the_making_is_stopped_and_says_nothing_when_its_worker_ends_it(
    juniper: SimpleNamespace, parrot: Any
) -> None:
    _, answer = post(juniper.space, juniper.mei, "@parrot hello?")
    job = replies.claim(answer.reply.pk)
    assert job
    job.metered.tries.append(Try(1, job.metered.route.targets[0], timezone.now(), "ok"))
    replies.checkpoint([(job.reply_id, job.fence, "plum so far")])

    deletions.delete(juniper.mei, answer)

    _, asked_to_stop = replies.checkpoint([(job.reply_id, job.fence, "plum so far, and more")])
    assert asked_to_stop == {job.reply_id}
    assert Message.objects.get(pk=answer.pk).text == ""
    replies.end(job, text="plum so far, and more", ending=Ending("stopped", "stopped"))
    (left,) = feed.load([answer.pk])
    assert (left.state, left.text, left.html, left.reply.state) == ("deleted", "", "", "stopped")


def test_who_asked_deletes_an_answer_and_others_do_not(juniper: SimpleNamespace, parrot: Any) -> None:
    _, answer = post(juniper.private, juniper.ben, "@parrot hello?")

    with pytest.raises(Forbidden, match="asked"):
        deletions.delete(juniper.gus, answer)
    deletions.delete(juniper.ben, answer)

    assert Message.objects.get(pk=answer.pk).is_deleted
    assert Reply.objects.get(pk=answer.reply.pk).state == "stopped"
    assert "plum" not in str(briefs.lines(Reply.objects.get(pk=answer.reply.pk).question, juniper.private))


def test_ones_own_words_are_taken_back_as_a_viewer_and_where_nobody_listens(juniper: SimpleNamespace) -> None:
    (message,) = post(juniper.space, juniper.ben, "hello")
    direct = directs.open(juniper.ben, [juniper.mei])
    (told,) = post(direct, juniper.ben, "between us")
    SpaceMember.objects.filter(space=juniper.space, member=juniper.ben).update(role=SpaceRole.VIEWER)
    members.remove(juniper.ana, juniper.mei)

    for each in (message, told):
        assert deletions.delete(juniper.ben, each)[0].is_deleted
