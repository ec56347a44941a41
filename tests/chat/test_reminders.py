"""Reminders: asked for, cancelled, and kept exactly once."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from chat import deletions, feed, reminders
from chat.models import Message, Notice, NoticeKind, Reminder
from workspace import members, spaces
from workspace.errors import Invalid, NotFound
from workspace.models import Member, SpaceMember


def plan(room: SimpleNamespace, wanted: str = "in 20 minutes to call", *, who: Member | None = None) -> Reminder:
    return reminders.plan(room.ana, room.space, who=who or room.ana, wanted=wanted)


def make_due(*asked: Reminder) -> None:
    for each in asked or Reminder.objects.all():
        Reminder.objects.filter(pk=each.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_reminder_is_read_by_the_clock_of_who_asks(juniper: SimpleNamespace) -> None:
    juniper.ana.user.time_zone = "Asia/Taipei"

    asked = plan(juniper, "tomorrow at 9:00 to call Mei")

    local = asked.due_at.astimezone(reminders.zone(juniper.ana))
    assert (local.hour, local.minute, asked.text) == (9, 0, "call Mei")
    assert local.date() == timezone.now().astimezone(local.tzinfo).date() + timedelta(days=1)


@pytest.mark.parametrize("wanted", ["in 5 minutes to call " + "x" * 1000, "1" + " " * 5000 + "x"])
def test_a_long_text_is_refused_before_anybody_looks_for_a_moment_in_it(juniper: SimpleNamespace, wanted: str) -> None:
    with pytest.raises(Invalid, match="500 characters"):
        plan(juniper, wanted)


def test_what_is_due_becomes_a_notice_once_and_what_is_not_stays(juniper: SimpleNamespace) -> None:
    due, later = plan(juniper, "in 5 minutes to call"), plan(juniper, "in 2 hours to write")
    make_due(due)

    assert (reminders.keep_due(), reminders.keep_due()) == (1, 0)

    (notice,) = Notice.objects.all()
    assert (notice.member, notice.kind, notice.text, notice.actor) == (juniper.ana, NoticeKind.REMINDER, "call", None)
    assert list(reminders.coming(juniper.ana)) == [later]


def test_two_workers_at_once_keep_each_reminder_once(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    for number in range(150):
        plan(juniper, f"in 5 minutes to count {number}")
    make_due()
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while reminders.keep_due():
            pass
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Notice.objects.count() == 150
    assert len(set(Notice.objects.values_list("text", flat=True))) == 150


def test_one_message_can_be_remembered_more_than_once(juniper: SimpleNamespace) -> None:
    message = post(juniper)
    for minutes in (5, 10):
        at = timezone.now() + timedelta(minutes=minutes)
        reminders.ask(juniper.ana, juniper.space, who=juniper.ana, due_at=at, message=message)
    make_due()

    reminders.keep_due()

    assert Notice.objects.filter(message=message).count() == 2


def test_a_second_press_reminds_of_a_message_once(juniper: SimpleNamespace, client: Client) -> None:
    message = post(juniper)
    client.force_login(juniper.ana.user)

    for _ in range(2):
        assert client.post(f"/messages/{message.pk}/remind/", {"when": "in 20 minutes"}).status_code == 302

    assert Reminder.objects.count() == 1


def post(room: SimpleNamespace) -> Message:
    return feed.post(room.space, room.ben, text="hello", client_id=uuid.uuid4())[0]


def leave(room: SimpleNamespace, asked: Reminder) -> None:
    members.remove(room.ana, room.mei)


def lose_the_space(room: SimpleNamespace, asked: Reminder) -> None:
    SpaceMember.objects.filter(space=room.space, member=room.mei).delete()
    spaces.change(room.ana, room.space, name="General", is_private=True)


def switch_off(room: SimpleNamespace, asked: Reminder) -> None:
    room.mei.user.is_active = False
    room.mei.user.save()


@pytest.mark.parametrize("lose", [leave, lose_the_space, switch_off])
def test_nobody_is_reminded_of_what_they_may_no_longer_see(juniper: SimpleNamespace, lose: Callable[..., None]) -> None:
    asked = plan(juniper, who=juniper.mei)
    lose(juniper, asked)
    make_due()

    assert reminders.keep_due() == 1
    assert not Notice.objects.exists()


def test_somebody_else_is_reminded_with_the_name_of_who_asked(juniper: SimpleNamespace) -> None:
    plan(juniper, "in 5 minutes to call", who=juniper.mei)
    make_due()

    reminders.keep_due()

    notice = Notice.objects.get()
    assert (notice.member, notice.actor) == (juniper.mei, juniper.ana)


def test_nobody_is_reminded_by_whom_they_do_not_share_the_place_with(
    juniper: SimpleNamespace, other: SimpleNamespace
) -> None:
    at = timezone.now() + timedelta(hours=1)

    for asker, space, who in (
        (juniper.ana, juniper.private, juniper.mei),
        (juniper.gus, juniper.private, juniper.mei),
        (juniper.ana, juniper.space, other.ana),
    ):
        with pytest.raises(NotFound):
            reminders.ask(asker, space, who=who, due_at=at, text="x")
    assert not Reminder.objects.exists()


def test_who_asked_and_who_is_meant_cancel_it_and_nobody_else(juniper: SimpleNamespace) -> None:
    first, second = plan(juniper, who=juniper.mei), plan(juniper, who=juniper.mei)

    with pytest.raises(NotFound):
        reminders.cancel(juniper.ben, first)
    reminders.cancel(juniper.mei, first)
    reminders.cancel(juniper.ana, second)

    assert not Reminder.objects.exists()
    with pytest.raises(NotFound):
        reminders.reach(juniper.ana.user, second.pk)


@pytest.mark.parametrize("wanted", ["in 20 minutes", "in 20 minutes to ", "to call", "in 20 minutes " + "x" * 501])
def test_what_is_not_whole_is_refused(juniper: SimpleNamespace, wanted: str) -> None:
    with pytest.raises(Invalid):
        plan(juniper, wanted)


def test_nobody_keeps_more_than_two_hundred(juniper: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "OPEN_MAX", 2)
    plan(juniper), plan(juniper)

    with pytest.raises(Invalid, match="200 reminders"):
        plan(juniper)


def test_looking_for_what_is_due_costs_one_query_when_nothing_is(
    juniper: SimpleNamespace, django_assert_num_queries: Callable[..., Any]
) -> None:
    plan(juniper)

    with django_assert_num_queries(3):  # a savepoint around it
        reminders.keep_due()


def test_the_list_shows_nothing_of_a_space_that_one_lost_or_of_a_deleted_message(juniper: SimpleNamespace) -> None:
    due_at = timezone.now() + timedelta(days=1)
    kept, lost = (
        feed.post(space, juniper.ana, text="hello", client_id=uuid.uuid4())[0]
        for space in (juniper.space, juniper.private)
    )
    for message in (kept, lost):
        reminders.ask(juniper.ben, message.space, who=juniper.ben, due_at=due_at, message=message)

    spaces.remove(juniper.ana, juniper.private, juniper.ben)

    assert [each.message_id for each in reminders.coming(juniper.ben)] == [kept.pk]
    deletions.delete(juniper.ana, kept)
    assert reminders.coming(juniper.ben) == []
