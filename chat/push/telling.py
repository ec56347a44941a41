"""What a device is told, decided and put into words when its time has come.

*Called by*: chat.push.pusher. *Keeps true*: a notice is handed to devices once; nobody is told of what they have
read, may no longer see, or have silenced meanwhile, nor while they are at a tab of the organization; of what is due
together and wanted only the newest of each Space goes out.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from chat import presence, sessions
from chat.models import Notice, NoticeKind, Push, PushSubscription
from chat.models.notice import CALLING
from chat.notices import wording
from chat.push import sealing
from chat.push.sealing import Letter
from chat.push.standing import Standing

BATCH = 100
SPREAD = 500
# Longer than a letter may take: whoever took it up is gone.
LEASE = timedelta(seconds=60)
# Whoever is at a tab is looked for again, for as long as they may just be on their way out.
AGAIN = timedelta(seconds=15)
WATCHED = timedelta(seconds=90)
# What a server that was away finds when it is back is no news any more.
NEWS_MINUTES = 60
TTL_SECONDS = 24 * 3600
TEST_TTL_SECONDS = 60
TITLE_MAX = 200
_URGENT = (*CALLING, NoticeKind.REMINDER)
_WHOLE = ("space", "member__org", "member__user", "actor", "message__author", "message__ai_model")
_log = structlog.get_logger(__name__)

_SPREAD = """
WITH taken AS (
  SELECT id FROM chat_notice WHERE pushed_at IS NULL ORDER BY created_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
), settled AS (
  UPDATE chat_notice SET pushed_at = now() FROM taken WHERE chat_notice.id = taken.id
  RETURNING chat_notice.id, member_id, kind, chat_notice.created_at, read_at
), handed AS (
  INSERT INTO chat_push (id, subscription_id, notice_id, attempts, created_at, due_at)
  SELECT gen_random_uuid(), device.id, settled.id, 0, now(), settled.created_at + make_interval(secs => %(delay)s)
  FROM settled JOIN workspace_member member ON member.id = settled.member_id AND member.left_at IS NULL
               JOIN chat_pushsubscription device ON device.user_id = member.user_id AND device.session_key <> ''
               LEFT JOIN chat_noticesettings mine ON mine.member_id = member.id
  WHERE settled.read_at IS NULL AND settled.kind <> 'reaction' AND COALESCE(mine.is_pushed, true)
    AND settled.created_at > now() - make_interval(mins => %(news)s) AND %(is_on)s
  ON CONFLICT DO NOTHING
)
SELECT count(*) FROM settled
"""
_HOLD = """
UPDATE chat_push SET due_at = statement_timestamp() + make_interval(secs => %s)
WHERE id = %s AND due_at = %s RETURNING due_at
"""


@dataclass(frozen=True)
class Due:
    """A push whose time has come, as the letter that is to be posted. `until`: nobody else takes it up before."""

    push_id: uuid.UUID
    subscription_id: uuid.UUID
    attempts: int
    until: datetime
    letter: Letter


@transaction.atomic
def spread() -> int:
    """Hand new notices to the devices of their people; how many notices there were. One query."""
    # Without a key nobody takes them up: they are settled, and handed to none.
    values = {"most": SPREAD, "delay": settings.PUSH_DELAY_SECONDS, "news": NEWS_MINUTES, "is_on": sealing.is_on()}
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, values)
        return int(cursor.fetchone()[0])


def due(*, most: int = BATCH) -> list[Due]:
    """What is to be posted now. Of many workers each takes what no other has.

    Half a dozen queries for all of it, two for each sign-in, and one for the name of each direct conversation.
    """
    if not sealing.is_on():
        return []
    taken, here = _take(most), cache(presence.at_tabs)
    standing = Standing([push.notice for push in taken if push.notice])
    going = _newest(push for push in taken if _is_wanted(push, standing))
    watched = [push for push in going if push.notice and push.notice.member_id in here(push.notice.org_id)]
    letters = list(_letters((push for push in going if push not in watched), standing))
    stays = {*_put_off(watched), *(letter.push_id for letter in letters)}
    _drop(push for push in taken if push.pk not in stays)
    return letters


def hold(due: Due) -> Due | None:
    """The same for another lease; None where it is another worker's by now, or is not to be told any more."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [LEASE.total_seconds(), due.push_id, due.until])
        row = cursor.fetchone()
    return replace(due, until=row[0]) if row else None


@transaction.atomic
def _take(most: int) -> list[Push]:
    """Oldest notice first, each with the end of the lease that it is taken for."""
    rows = Push.objects.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=Now())
    rows = rows.select_related("subscription__user", *(f"notice__{each}" for each in _WHOLE))
    taken = list(rows.annotate(until=Now() + LEASE).order_by("due_at")[:most])
    for push in taken:
        push.due_at = push.until
    if taken:
        Push.objects.filter(pk__in=[push.pk for push in taken]).update(due_at=taken[0].due_at)
    return sorted(taken, key=lambda push: (push.notice or push).created_at)


def _is_wanted(push: Push, standing: Standing) -> bool:
    """What a push service did not take at first is old by its own doing, and wanted still."""
    is_news = push.attempts > 0 or (push.notice or push).created_at > timezone.now() - timedelta(minutes=NEWS_MINUTES)
    return is_news and (push.notice is None or standing.is_wanted(push.notice))


def _newest(oldest_first: Iterable[Push]) -> list[Push]:
    """Of each Space one for each device; and the tests."""
    found = {(push.subscription_id, push.notice.space_id if push.notice else push.pk): push for push in oldest_first}
    return list(found.values())


def _letters(pushes: Iterable[Push], standing: Standing) -> Iterator[Due]:
    is_signed_in = cache(sessions.person)
    for push in pushes:
        device = push.subscription
        try:
            if is_signed_in(device.session_key) == device.user_id:
                yield _due(push, standing)
            else:  # It sleeps until its person signs in there again.
                PushSubscription.objects.filter(pk=device.pk, session_key=device.session_key).update(session_key="")
        except (OperationalError, InterfaceError):
            raise  # their leases run out
        except Exception:
            _log.exception("push.lost", push=str(push.pk))  # and those behind it go on


def _due(push: Push, standing: Standing) -> Due:
    device, notice = push.subscription, push.notice
    if notice is None:
        told, urgency, ttl = _test(device.user.language or device.language), "high", TEST_TTL_SECONDS
    else:
        told, urgency, ttl = _words(device, notice, standing), "normal", TTL_SECONDS
        urgency = "high" if notice.kind in _URGENT else urgency
    topic = sealing.topic(device, notice.space_id if notice else push.pk)
    letter = sealing.seal(told, device, topic=topic, urgency=urgency, ttl_seconds=ttl)
    return Due(push.pk, device.pk, push.attempts, push.due_at, letter)


def _words(device: PushSubscription, notice: Notice, standing: Standing) -> dict[str, object]:
    """What the worker of the page shows (templates/sw.js)."""
    member = notice.member
    language = device.user.language or device.language or settings.LANGUAGE_CODE
    shows_text = standing.settings_of(member).shows_text
    with translation.override(language):
        said = wording.say(member, [notice])[0]
        title = said.title if shows_text or notice.kind != NoticeKind.REMINDER else _("Reminder")
    return {
        "title": _shortened(title),
        "body": said.excerpt if shows_text else "",
        "url": f"/notices/{notice.pk}/",
        "tag": f"space:{notice.space_id}",
        "lang": language,
        "at": int(notice.created_at.timestamp() * 1000),
        "badge": standing.calls(member),
    }


def _test(language: str) -> dict[str, object]:
    with translation.override(language or settings.LANGUAGE_CODE):
        body = _("Notifications reach this device. This is how a mention of you will look.")
    return {"title": "Parley", "body": body, "url": "/", "tag": "test", "lang": language}


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1].rstrip()}…"


def _put_off(pushes: Iterable[Push]) -> list[uuid.UUID]:
    """Those that are looked at again; of the others, their person has seen the bell."""
    again = [push.pk for push in pushes if push.created_at >= timezone.now() - WATCHED]
    Push.objects.filter(pk__in=again).update(due_at=Now() + AGAIN)
    return again


def _drop(pushes: Iterable[Push]) -> None:
    if ids := [push.pk for push in pushes]:
        Push.objects.filter(pk__in=ids).delete()
