"""What a device is told, decided and put into words when its time has come.

*Called by*: chat.push.pusher. *Keeps true*: a notice is handed to devices once; nobody is told of what they have
read, may no longer see, or have silenced meanwhile, nor while they are at a tab of the organization; of several from
one Space that are due together only the newest goes out.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from chat import presence, sessions
from chat.models import Notice, NoticeKind, Push, PushSubscription
from chat.models.notice import CALLING
from chat.notices import levels, wording
from chat.push import sealing
from chat.push.sealing import Letter
from workspace.models import Availability, Member, NoticeLevel, SpaceMember

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
# What is told even of a Space that is muted.
_PERSONAL = (NoticeKind.MENTION, NoticeKind.ANSWER, NoticeKind.REMINDER)

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
    AND settled.created_at > now() - make_interval(mins => %(news)s)
  ON CONFLICT DO NOTHING
)
SELECT count(*) FROM settled
"""


@dataclass(frozen=True)
class Due:
    """A push whose time has come, as the letter that is to be posted."""

    push_id: uuid.UUID
    subscription_id: uuid.UUID
    attempts: int
    letter: Letter


@transaction.atomic
def spread() -> int:
    """Hand new notices to the devices of their people; how many notices there were. One query."""
    values = {"most": SPREAD, "delay": settings.PUSH_DELAY_SECONDS, "news": NEWS_MINUTES}
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, values)
        return int(cursor.fetchone()[0])


def due(*, most: int = BATCH) -> list[Due]:
    """What is to be posted now. Of many workers each takes what no other has."""
    if not sealing.is_on():
        return []
    taken = _take(most)
    newest = {(push.subscription_id, push.notice.space_id if push.notice else push.pk): push for push in taken}
    _drop(push for push in taken if push not in newest.values())
    return list(_letters(newest.values()))


@transaction.atomic
def _take(most: int) -> list[Push]:
    """Oldest notice first."""
    rows = Push.objects.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=Now())
    rows = rows.select_related("subscription__user", "notice__space", "notice__member__org", "notice__member__user")
    taken = list(rows.order_by("due_at")[:most])
    Push.objects.filter(pk__in=[push.pk for push in taken]).update(due_at=Now() + LEASE)
    return sorted(taken, key=lambda push: push.notice.created_at if push.notice else push.created_at)


def _letters(pushes: Iterable[Push]) -> Iterator[Due]:
    is_signed_in, here = cache(sessions.person), cache(presence.at_tabs)
    for push in pushes:
        device = push.subscription
        if is_signed_in(device.session_key) != device.user_id:
            # It sleeps until its person signs in there again.
            PushSubscription.objects.filter(pk=device.pk, session_key=device.session_key).update(session_key="")
            _drop([push])
        elif push.notice is None:
            yield _due(push, _test(device.user.language or device.language), urgency="high", ttl=TEST_TTL_SECONDS)
        elif not _is_wanted(push.notice):
            _drop([push])
        elif push.notice.member_id in here(push.notice.org_id):
            _put_off(push)
        else:
            urgency = "high" if push.notice.kind in _URGENT else "normal"
            yield _due(push, _words(push, push.notice), urgency=urgency, ttl=TTL_SECONDS)


def _due(push: Push, told: dict[str, object], *, urgency: str, ttl: int) -> Due:
    topic = push.notice.space_id.hex if push.notice else push.pk.hex
    letter = sealing.seal(told, push.subscription, topic=topic, urgency=urgency, ttl_seconds=ttl)
    return Due(push.pk, push.subscription_id, push.attempts, letter)


def _is_wanted(notice: Notice) -> bool:
    """Whether the person may see it still, has not read it, and still wants to be told of it."""
    member = notice.member
    if member.left_at or member.org.is_suspended or member.availability == Availability.BUSY:
        return False
    seen = Notice.objects.visible_to(member).unread().filter(pk=notice.pk, message__deleted_at=None)
    chosen = levels.settings_of(member)
    if not chosen.is_pushed or not seen.exists():
        return False
    seat = SpaceMember.objects.filter(member=member, space=notice.space_id).first()
    level = (seat.notice_level if seat else "") or ("" if notice.space.is_direct else chosen.level)
    if level == NoticeLevel.NOTHING and notice.kind != NoticeKind.REMINDER:
        return False
    return not (seat and seat.is_muted and notice.kind not in _PERSONAL)


def _words(push: Push, notice: Notice) -> dict[str, object]:
    """What the worker of the page shows (templates/sw.js)."""
    member, device = notice.member, push.subscription
    whole = Notice.objects.select_related("space", "actor", "message", "message__author", "message__ai_model")
    language = device.user.language or device.language or settings.LANGUAGE_CODE
    with translation.override(language):
        said = wording.say(member, [whole.get(pk=notice.pk)])[0]
        shows_text = levels.settings_of(member).shows_text
        title = said.title if shows_text or notice.kind != NoticeKind.REMINDER else _("Reminder")
    return {
        "title": _shortened(title),
        "body": said.excerpt if shows_text else "",
        "url": f"/notices/{notice.pk}/",
        "tag": f"space:{notice.space_id}",
        "lang": language,
        "at": int(notice.created_at.timestamp() * 1000),
        "badge": _calls(member),
    }


def _test(language: str) -> dict[str, object]:
    with translation.override(language or settings.LANGUAGE_CODE):
        body = _("Notifications reach this device. This is how a mention of you will look.")
    return {"title": "Parley", "body": body, "url": "/", "tag": "test", "lang": language}


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1].rstrip()}…"


def _calls(member: Member) -> int:
    """How often somebody means them and was not read yet, for the figure on the application's icon."""
    return Notice.objects.visible_to(member).unread().filter(kind__in=CALLING)[:100].count()


def _put_off(push: Push) -> None:
    if push.created_at < timezone.now() - WATCHED:
        _drop([push])
    else:
        Push.objects.filter(pk=push.pk).update(due_at=Now() + AGAIN)


def _drop(pushes: Iterable[Push]) -> None:
    if ids := [push.pk for push in pushes]:
        Push.objects.filter(pk__in=ids).delete()
