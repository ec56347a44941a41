"""The inbox of notices: reading it, and marking what is read.

*Called by*: chat.views.notices. *Keeps true*: it shows what the member may still see, newest first, in pages by key;
what is marked read in one tab is read in all.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from chat import broadcast, moments
from chat.models import Notice, NoticeKind
from chat.notices import wording
from chat.notices.wording import Said
from workspace.errors import NotFound
from workspace.models import Member

PAGE = 30
FILTERS: dict[str, tuple[NoticeKind, ...]] = {
    "mentions": (NoticeKind.MENTION, NoticeKind.GROUP, NoticeKind.DIRECT),
    "threads": (NoticeKind.THREAD, NoticeKind.ANSWER),
    "reactions": (NoticeKind.REACTION,),
    "reminders": (NoticeKind.REMINDER,),
}


@dataclass(frozen=True)
class Inbox:
    items: list[Said]
    next_key: str


def show(member: Member, *, kinds: str = "", before: str = "") -> Inbox:
    """A page of the inbox; `kinds` is a name in FILTERS, `before` the key of the page before. At most three queries."""
    rows = Notice.objects.visible_to(member).select_related(
        "space", "actor", "message", "message__author", "message__ai_model"
    )
    if kinds in FILTERS:
        rows = rows.filter(kind__in=FILTERS[kinds])
    if key := _key(before):
        at, pk = key
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-pk")[: PAGE + 1])
    page = found[:PAGE]
    last = page[-1] if len(found) > PAGE else None
    return Inbox(wording.say(member, page), f"{last.created_at.isoformat()}_{last.pk}" if last else "")


def one(member: Member, notice_id: uuid.UUID) -> Said:
    """Raises NotFound for somebody else's, and for one of a Space that is no longer theirs to see."""
    rows = Notice.objects.visible_to(member).select_related(
        "space", "actor", "message", "message__author", "message__ai_model"
    )
    notice = rows.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    return wording.say(member, [notice])[0]


@transaction.atomic
def read(member: Member, notice: Notice) -> None:
    if Notice.objects.filter(pk=notice.pk, member=member, read_at=None).update(read_at=Now()):
        _tell(member)


@transaction.atomic
def read_all(member: Member) -> None:
    if Notice.objects.filter(member=member, read_at=None).update(read_at=Now()):
        _tell(member)


def _key(text: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, pk = text.partition("_")
    moment = moments.told(at)
    try:
        return (moment, uuid.UUID(pk)) if moment else None
    except ValueError:
        return None


def _tell(member: Member) -> None:
    transaction.on_commit(lambda: broadcast.to_member(member.pk, {"type": "unread.changed"}))
