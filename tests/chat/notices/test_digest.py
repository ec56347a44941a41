"""The mail about what somebody has not read: who gets one, when, of what; through a mail server that is real."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import get_connection
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import deletions
from chat.models import Digest, Notice, NoticeSettings, Reminder
from chat.notices import digest, note_reminders, unread
from tests.chat.notices.cast import age, come, lapse, prefer, say, show, sit
from tests.doubles.postbox import Postbox, text_of
from tests.stack import free_port
from workspace import members
from workspace.models import Member, NoticeLevel, Role, User

Counts = Callable[..., Any]


def to(post: Postbox) -> list[str]:
    return sorted(str(each["To"]) for each in post.mails())


def test_one_mail_a_person_says_what_waits_by_space(room: SimpleNamespace, post: Postbox) -> None:
    sit(room.private, room.mei)
    first = say(room.space, room.ana, "@mei have a look")
    say(room.private, room.ben, "@mei the board meets")
    say(room.space, room.ben, "@mei and <script>alert(1)</script>")
    age()

    assert digest.send_due() == 1

    (mail,) = post.mails()
    text, html = text_of(mail), text_of(mail, "html")
    assert (mail["To"], mail["Subject"]) == (room.mei.email, "3 messages wait for you in Juniper")
    assert text.index("#General") < text.index("@mei have a look") < text.index("alert(1)") < text.index("#Board")
    assert "Ana mentioned you in #General" in text and "@mei the board meets" in text
    assert f"/messages/{first.pk}/" in text and f"/messages/{first.pk}/" in html
    assert "<script>alert" not in html and "<img" not in html
    assert Notice.objects.filter(mailed_at=None).count() == 0


def test_it_is_sent_once_and_the_next_one_says_only_what_is_new(room: SimpleNamespace, post: Postbox) -> None:
    say(room.space, room.ana, "@mei one")
    age()
    digest.send_due()
    lapse()

    again = digest.send_due()
    say(room.space, room.ana, "@mei two")
    age()
    digest.send_due()

    assert again == 0
    first, second = (text_of(mail) for mail in post.mails())
    assert "@mei one" in first and "@mei one" not in second and "@mei two" in second


def test_what_is_young_or_known_at_the_screen_waits(room: SimpleNamespace, post: Postbox) -> None:
    say(room.space, room.ana, "@mei @ben look")

    young = digest.send_due()
    age()
    come(room.mei)
    digest.send_due()

    assert young == 0
    assert to(post) == [room.ben.email]


def _read(room: SimpleNamespace, message: Any) -> None:
    unread.read(room.mei, room.space, message.position)


def _delete(room: SimpleNamespace, message: Any) -> None:
    deletions.delete(room.ana, message)


def _silence(room: SimpleNamespace, message: Any) -> None:
    sit(room.space, room.mei, notice_level=NoticeLevel.NOTHING)


def _silence_all(room: SimpleNamespace, message: Any) -> None:
    prefer(room.mei, level=NoticeLevel.NOTHING)


def _leave(room: SimpleNamespace, message: Any) -> None:
    room.space.is_private = True
    room.space.save()
    room.space.space_members.filter(member=room.mei).delete()


def _take_out(room: SimpleNamespace, message: Any) -> None:
    members.remove(room.ana, room.mei)


def _switch_off(room: SimpleNamespace, message: Any) -> None:
    User.objects.filter(pk=room.mei.user_id).update(is_active=False)


def _suspend(room: SimpleNamespace, message: Any) -> None:
    type(room.org).objects.filter(pk=room.org.pk).update(suspended_at=timezone.now())


def _doubt(room: SimpleNamespace, message: Any) -> None:
    EmailAddress.objects.update(verified=False)


def _other_address(room: SimpleNamespace, message: Any) -> None:
    User.objects.filter(pk=room.mei.user_id).update(email="elsewhere@example.com")


def _unclaimed(room: SimpleNamespace, message: Any) -> None:
    Member.objects.filter(pk=room.mei.pk).update(user=None, claim_email=room.mei.email)


def _never(room: SimpleNamespace, message: Any) -> None:
    prefer(room.mei, digest=Digest.OFF)


CASES = [_read, _delete, _silence, _silence_all, _leave, _take_out, _switch_off, _suspend, _doubt]
CASES += [_other_address, _unclaimed, _never]


@pytest.mark.parametrize("change", [None, *CASES], ids=lambda change: change.__name__ if change else "as it was")
def test_what_need_not_or_may_not_be_told_is_not_mailed(
    change: Callable[[SimpleNamespace, Any], None] | None, room: SimpleNamespace, post: Postbox
) -> None:
    message = say(room.space, room.ana, "@mei look")
    age()
    if change:
        change(room, message)

    digest.send_due()

    assert to(post) == ([] if change else [room.mei.email])
    assert not Notice.objects.filter(read_at=None, mailed_at=None).exists()


def test_a_muted_space_mails_what_calls_by_name_and_nothing_else(room: SimpleNamespace, post: Postbox) -> None:
    say(room.space, room.ana, "@space lunch")
    sit(room.space, room.mei, is_muted=True)
    say(room.space, room.ana, "@mei look")
    age()

    digest.send_due()

    (mail,) = [mail for mail in post.mails() if mail["To"] == room.mei.email]
    assert "@mei look" in text_of(mail) and "lunch" not in text_of(mail)
    assert not Notice.objects.filter(member=room.mei, mailed_at=None).exists()


def test_more_than_a_mail_names_are_counted_in_it_and_come_in_no_other(room: SimpleNamespace, post: Postbox) -> None:
    rows = [Notice(org=room.org, member=room.mei, kind="reminder", space=room.space, text=f"<{n}>") for n in range(520)]
    Notice.objects.bulk_create(rows)
    age()

    sent = digest.send_due()
    lapse()
    again = digest.send_due()

    (mail,) = post.mails()
    assert (sent, again) == (1, 0)
    assert mail["Subject"] == "520 messages wait for you in Juniper"
    assert "<519>" in text_of(mail) and "20 more, not listed here" in text_of(mail)


def test_who_turns_mails_off_during_a_turn_gets_none(room: SimpleNamespace, post: Postbox) -> None:
    say(room.space, room.ana, "@mei look")
    age()
    (found,) = digest.waiting()
    prefer(room.mei, digest=Digest.OFF)

    is_sent = digest._mail(found, get_connection())

    assert not is_sent and not post.mails()


def test_what_was_marked_unread_by_hand_is_not_mailed(room: SimpleNamespace, post: Postbox) -> None:
    message = say(room.space, room.ana, "@mei look")
    _read(room, message)
    unread.unread_from(room.mei, message)
    age()

    assert digest.send_due() == 0


def test_a_reminder_is_mailed_from_a_muted_space_and_a_reaction_never(room: SimpleNamespace, post: Postbox) -> None:
    sit(room.space, room.mei, is_muted=True)
    asked = Reminder(org=room.org, member=room.mei, asked_by=room.mei, space=room.space, text="water the plants")
    note_reminders([asked])
    Notice.objects.create(org=room.org, member=room.ben, kind="reaction", space=room.space, actor=room.ana, text="👍")
    age()

    digest.send_due()

    (mail,) = post.mails()
    assert mail["Subject"] == "Reminder: water the plants · Juniper"


@pytest.mark.parametrize(
    ("often", "since", "now", "zone", "due"),
    [
        (Digest.SOON, "09:00", "09:14", "", False),
        (Digest.SOON, "09:00", "09:15", "", True),
        (Digest.HOURLY, "09:00", "09:59", "", False),
        (Digest.HOURLY, "09:00", "10:00", "", True),
        (Digest.DAILY, "06:00", "06:59", "Europe/Lisbon", False),
        (Digest.DAILY, "06:00", "07:00", "Europe/Lisbon", True),
        (Digest.DAILY, "07:30", "23:00", "Europe/Lisbon", False),
        (Digest.DAILY, "00:10", "23:59", "Asia/Taipei", False),
        (Digest.DAILY, "00:10", "24:01", "Asia/Taipei", True),
        (Digest.DAILY, "07:59", "08:00", "no/where", True),
        (Digest.OFF, "00:00", "23:59", "", False),
    ],
)
def test_the_time_has_come_as_the_person_chose_and_where_they_live(
    often: str, since: str, now: str, zone: str, due: bool
) -> None:
    def moment(clock: str) -> datetime:
        hours, minutes = (int(part) for part in clock.split(":"))
        return datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=minutes)

    assert digest.is_due(often, moment(since), moment(now), zone) is due


def test_the_morning_is_a_morning_on_the_day_the_clocks_change() -> None:
    lisbon = ZoneInfo("Europe/Lisbon")
    evening = datetime(2026, 3, 28, 22, tzinfo=lisbon)

    assert not digest.is_due(Digest.DAILY, evening, datetime(2026, 3, 29, 7, 59, tzinfo=lisbon), "Europe/Lisbon")
    assert digest.is_due(Digest.DAILY, evening, datetime(2026, 3, 29, 8, 0, tzinfo=lisbon), "Europe/Lisbon")


def test_a_mail_is_in_the_language_and_by_the_clock_of_who_gets_it(room: SimpleNamespace, post: Postbox) -> None:
    User.objects.filter(pk=room.mei.user_id).update(language="zh-hant", browser_zone="Asia/Taipei")
    say(room.space, room.ana, "@mei @ben look")
    Notice.objects.update(created_at=datetime(2026, 1, 1, 20, 30, tzinfo=UTC))

    digest.send_due()

    mails = {str(mail["To"]): mail for mail in post.mails()}
    mei, ben = mails[room.mei.email], mails[room.ben.email]
    assert "提及" in str(mei["Subject"]) and 'lang="zh-hant"' in text_of(mei, "html")
    assert "2026年1月2日" in text_of(mei) and "4:30" in text_of(mei)
    assert "mentioned you" in str(ben["Subject"]) and "20:30" in text_of(ben)


def test_a_mail_server_that_is_away_loses_nothing(room: SimpleNamespace, post: Postbox, settings: Any) -> None:
    say(room.space, room.ana, "@mei @ben look")
    age()
    settings.EMAIL_PORT = free_port()

    away = digest.send_due()
    settings.EMAIL_PORT = post.port
    back = digest.send_due()

    assert (away, back) == (0, 2)
    assert to(post) == [room.ben.email, room.mei.email]


def test_who_is_put_off_is_tried_again_and_keeps_nobody_else_waiting(room: SimpleNamespace, post: Postbox) -> None:
    User.objects.filter(pk=room.mei.user_id).update(email="later@example.com")
    EmailAddress.objects.filter(user=room.mei.user).update(email="later@example.com")
    say(room.space, room.ana, "@mei look")
    say(room.space, room.ana, "@ben look")
    age()

    digest.send_due()
    at_first = to(post)
    again_at = NoticeSettings.objects.get(member=room.mei).mail_after
    digest.send_due()
    without_mei = to(post)
    lapse()
    digest.send_due()

    assert (at_first, without_mei) == ([room.ben.email], [room.ben.email])
    assert again_at and again_at > timezone.now() + digest.LEASE
    assert to(post) == [room.ben.email, "later@example.com"]


def test_a_mailbox_that_stays_full_is_tried_less_and_less_often_and_then_no_more(
    room: SimpleNamespace, post: Postbox
) -> None:
    User.objects.filter(pk=room.mei.user_id).update(email="full@example.com")
    EmailAddress.objects.filter(user=room.mei.user).update(email="full@example.com")
    say(room.space, room.ana, "@mei look")
    waits = []

    for hours in (1, 24, 95):
        age(hours * 60)
        lapse()
        digest.send_due()
        until = NoticeSettings.objects.get(member=room.mei).mail_after
        assert until
        waits.append(round((until - timezone.now()) / timedelta(hours=1), 1))

    assert waits[:2] == [0.5, 3.1]
    assert not post.mails() and not Notice.objects.filter(mailed_at=None).exists()


def test_an_address_that_is_refused_for_good_is_not_tried_for_ever(room: SimpleNamespace, post: Postbox) -> None:
    User.objects.filter(pk=room.mei.user_id).update(email="refused@example.com")
    EmailAddress.objects.filter(user=room.mei.user).update(email="refused@example.com")
    say(room.space, room.ana, "@mei @ben look")
    age()

    digest.send_due()

    assert to(post) == [room.ben.email]
    assert not Notice.objects.filter(read_at=None, mailed_at=None).exists()


def test_two_workers_at_once_send_each_of_many_one_mail(
    committed_db: None, make_org: Callable[..., SimpleNamespace], post: Postbox
) -> None:
    room = make_org()
    people = [crowd(room, number) for number in range(30)]
    say(room.space, room.ana, "@space lunch")
    age()
    start = threading.Barrier(2)
    sent: list[int] = []

    def work() -> None:
        start.wait()
        sent.append(digest.send_due())
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(sent) == 30
    assert to(post) == sorted(person.email for person in people)


def crowd(room: SimpleNamespace, number: int) -> Member:
    """One more member of the Space, with an address that was shown to be theirs."""
    user = User.objects.create(email=f"person{number:03}@people.example.com", password="", name=f"Person {number}")
    member = members.admit(room.org, user, role=Role.MEMBER)
    sit(room.space, member)
    show(member)
    return member


def test_a_mail_takes_as_many_queries_for_many_notices_as_for_one(room: SimpleNamespace, post: Postbox) -> None:
    def taken(notices: int) -> int:
        for number in range(notices):
            say(room.space, room.ana, f"@mei {number}")
        age()
        lapse()
        with CaptureQueriesContext(connection) as queries:
            assert digest.send_due() == 1
        return len(queries)

    assert taken(1) == taken(30)


def test_a_turn_walks_from_member_to_member_in_an_index(room: SimpleNamespace) -> None:
    people = [crowd(room, number) for number in range(5)]
    rows = [
        Notice(org=room.org, member=member, kind="reminder", space=room.space, mailed_at=None)
        for member in people
        for _ in range(300)
    ]
    Notice.objects.bulk_create(rows)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE chat_notice")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT TEXT) {digest._WAITING}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert plan.count("notice_to_mail") >= 2, plan
    assert "Seq Scan on chat_notice " not in plan, plan
    assert len(digest.waiting()) == 5
