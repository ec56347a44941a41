"""The mail about what somebody has not read: whose time has come, and one mail for each.

*Called by*: chat.tasks, each minute. *Keeps true*: a notice is in one mail (which may come twice after a crash), and
only while it is unread, seen and wanted; of many workers one mails a member; what could not be sent is tried again.
*Why* an index of its own: a turn looks at one row for each member who has something waiting, however many there are.
"""

import smtplib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from chat import moments, presence
from chat.models import Digest, Notice, NoticeKind, NoticeSettings
from chat.models.notice import PERSONAL, NoticeQuerySet
from chat.notices import letter, levels
from workspace.models import Member, NoticeLevel, SpaceKind, SpaceMember

SOON = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MORNING = 8
# Longer than any mail takes to be handed over; a worker that died is given up after it.
LEASE = timedelta(minutes=5)
# A mailbox that takes nothing now (full, or its server has not seen us before) is left alone for so long.
# Longer, the longer it has not: for an eighth of the time. What waited for PATIENCE is let go of; the inbox has it.
PUT_OFF = timedelta(minutes=30)
PATIENCE = timedelta(days=5)
# More than these are counted in a mail, and not named.
NOTICES_MAX = 500
TURN_SECONDS = 45
# A mail server's word about the whole of it, not about this one mail.
_OF_SERVER = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPServerDisconnected,
)
_log = structlog.get_logger(__name__)

# The oldest notice that waits, of each member who has one: from member to member in the index notice_to_mail.
_WAITING = """
WITH RECURSIVE waiting AS (
  (SELECT member_id, created_at FROM chat_notice
   WHERE read_at IS NULL AND mailed_at IS NULL AND kind <> 'reaction' ORDER BY member_id, created_at LIMIT 1)
  UNION ALL
  SELECT next.member_id, next.created_at FROM waiting CROSS JOIN LATERAL (
    SELECT member_id, created_at FROM chat_notice
    WHERE read_at IS NULL AND mailed_at IS NULL AND kind <> 'reaction' AND member_id > waiting.member_id
    ORDER BY member_id, created_at LIMIT 1) next
)
SELECT waiting.member_id, waiting.created_at, member.org_id, COALESCE(mine.digest, 'soon'),
       COALESCE(NULLIF(person.time_zone, ''), person.browser_zone, ''),
       member.left_at IS NULL AND COALESCE(person.is_active, false) AND org.suspended_at IS NULL AND EXISTS (
         SELECT FROM account_emailaddress address
         WHERE address.user_id = person.id AND lower(address.email) = lower(person.email) AND address.verified)
FROM waiting JOIN workspace_member member ON member.id = waiting.member_id
             JOIN workspace_org org ON org.id = member.org_id
             LEFT JOIN workspace_user person ON person.id = member.user_id
             LEFT JOIN chat_noticesettings mine ON mine.member_id = waiting.member_id
WHERE mine.mail_after IS NULL OR mine.mail_after <= now()
"""


@dataclass(frozen=True)
class Waiting:
    """A member who has not read something yet, and since when at the longest."""

    member_id: UUID
    since: datetime
    org_id: UUID
    digest: str
    zone: str
    is_reachable: bool

    def is_due(self, now: datetime) -> bool:
        return is_due(self.digest, self.since, now, self.zone)


def is_due(digest: str, since: datetime, now: datetime, zone: str) -> bool:
    """Whether what waits since then is to be mailed now to somebody who lives in that time zone."""
    if digest == Digest.DAILY:
        here = now.astimezone(moments.zone_of(zone))
        morning = here.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        return since < (morning if here >= morning else morning - timedelta(days=1))
    return digest != Digest.OFF and since <= now - (SOON if digest == Digest.SOON else HOUR)


def send_due() -> int:
    """Mail whoever is due, until the turn is over or the mail server is away; how many mails went out."""
    now, found = timezone.now(), waiting()
    let_go = [each.member_id for each in found if each.digest == Digest.OFF or not each.is_reachable]
    due = _away([each for each in found if each.is_reachable and each.is_due(now)])
    if let_go:
        _unsent().filter(member__in=let_go).update(mailed_at=Now())
    if not due:
        return 0
    sent, end = 0, time.monotonic() + TURN_SECONDS
    server = mail.get_connection()
    try:
        server.open()
        for each in sorted(due, key=lambda one: one.since):
            if time.monotonic() > end:
                break
            sent += _mail(each, server)
    except (smtplib.SMTPException, OSError) as error:
        _log.warning("digest.postponed", error=type(error).__name__)
    finally:
        server.close()
    return sent


def waiting() -> list[Waiting]:
    """Everybody who has something unread that was not mailed, and whom nobody is mailing."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return [Waiting(*row) for row in cursor.fetchall()]


def _away(due: list[Waiting]) -> list[Waiting]:
    """Without those who want it soon and are at their screen: they see it there."""
    orgs = {each.org_id for each in due if each.digest == Digest.SOON}
    known = {org_id: presence.states(org_id) or {} for org_id in orgs}

    def is_here(one: Waiting) -> bool:
        return one.digest == Digest.SOON and known[one.org_id].get(str(one.member_id)) == presence.ACTIVE

    return [each for each in due if not is_here(each)]


def _mail(one: Waiting, server: BaseEmailBackend) -> bool:
    """Claim a member, send what waits, note that it went.

    What the server refuses for good is let go of; a mailbox that takes nothing now keeps nobody else waiting. Raises
    what concerns the server as a whole.
    """
    if not _claim(one.member_id):
        return False
    member = Member.objects.present().select_related("org", "user").filter(pk=one.member_id).first()
    if member is None:
        return False
    rows = list(_unsent().filter(member=member).order_by("created_at").values_list("pk", "created_at"))
    digest = levels.settings_of(member).digest
    if not rows or not is_due(digest, rows[0][1], timezone.now(), one.zone):
        return False  # read meanwhile, another worker was faster, or they want no mails any more
    ids = [pk for pk, _ in rows]
    found = wanted(member, ids)
    told = list(found.order_by("-created_at", "-pk")[:NOTICES_MAX])[::-1]
    if told:
        try:
            server.send_messages([letter.write(member, told, digest=digest, more=found.count() - len(told))])
        except smtplib.SMTPException as error:
            if isinstance(error, _OF_SERVER):
                raise
            _log.warning("digest.refused", member=str(member.pk), error=type(error).__name__)
            if not _is_final(error) and _put_off(member, timezone.now() - rows[0][1]):
                return False
            told = []
    Notice.objects.filter(pk__in=ids).update(mailed_at=Now())
    return bool(told)


def wanted(member: Member, ids: list[UUID]) -> NoticeQuerySet:
    """Those of the notices that the member may still see and has not silenced, with what saying them takes."""
    seat = SpaceMember.objects.filter(member=member, space=OuterRef("space"))
    silent = Q(Exists(seat.filter(notice_level=NoticeLevel.NOTHING)))
    silent |= Q(Exists(seat.filter(is_muted=True))) & ~Q(kind__in=PERSONAL)
    if NoticeSettings.objects.filter(member=member, level=NoticeLevel.NOTHING).exists():
        has_own = Exists(seat.exclude(notice_level=NoticeLevel.DEFAULT))
        silent |= ~Q(has_own) & ~Q(space__kind=SpaceKind.DIRECT)
    rows = Notice.objects.visible_to(member).unread().filter(pk__in=ids, message__deleted_at=None)
    rows = rows.exclude(~Q(kind=NoticeKind.REMINDER) & silent)
    return rows.select_related("space", "actor", "message", "message__author", "message__ai_model")


def _unsent():
    return Notice.objects.filter(read_at=None, mailed_at=None).exclude(kind=NoticeKind.REACTION)


def _claim(member_id: UUID) -> bool:
    """Whether nobody else mails this member; nobody will within LEASE."""
    NoticeSettings.objects.bulk_create([NoticeSettings(member_id=member_id)], ignore_conflicts=True)
    free = NoticeSettings.objects.filter(Q(mail_after=None) | Q(mail_after__lte=Now()), member=member_id)
    return bool(free.update(mail_after=Now() + LEASE))


def _put_off(member: Member, waited: timedelta) -> bool:
    """Whether it is tried again."""
    if waited >= PATIENCE:
        return False
    NoticeSettings.objects.filter(member=member).update(mail_after=Now() + max(PUT_OFF, waited / 8))
    return True


def _is_final(error: smtplib.SMTPException) -> bool:
    """Whether trying the same mail again is of no use."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
