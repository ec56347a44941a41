"""Reminders: asked for, listed, cancelled, kept.

*Called by*: chat.commands, chat.views.reminders, chat.sweeper. *Keeps true*: each due reminder becomes exactly one
notice, however many workers look; nobody is reminded of what they may no longer see.
"""

import re
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import mentions, moments, notices
from chat.models import Message, Reminder
from workspace import access, spaces, titles
from workspace.access import Person
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Space

TEXT_MAX = 500
OPEN_MAX = 200
BATCH = 100
LISTED_MAX = 300
SAME = timedelta(seconds=30)


def plan(asker: Member, space: Space, *, who: Member, wanted: str) -> Reminder:
    """Read "in 20 minutes to call Mei" by the asker's clock, and remember it. Raises Unclear, Invalid."""
    if len(wanted) > TEXT_MAX + moments.MOMENT_MAX:
        raise _too_long()
    due_at, rest = moments.split(wanted, now=timezone.now(), zone=zone(asker))
    text = re.sub(r"^(?:to|that)\b", "", rest).strip()
    if not text:
        raise Invalid(_("Say of what, too: /remind me in 20 minutes to call Mei."))
    return ask(asker, space, who=who, due_at=due_at, text=text)


def _too_long() -> Invalid:
    return Invalid(_("A reminder holds at most 500 characters."))


@transaction.atomic
def ask(
    asker: Member, space: Space, *, who: Member, due_at: datetime, text: str = "", message: Message | None = None
) -> Reminder:
    """Of one message, two at the same moment are one: a second press finds the first.

    Raises Invalid, and for somebody else: NotFound for whom one may not see here, ReadOnly, Archived.
    """
    if who.pk != asker.pk:
        spaces.require_writer(asker, space)
        if not mentions.is_mentionable(who, space, asker):
            raise NotFound
    if len(text) > TEXT_MAX:
        raise _too_long()
    Member.objects.select_for_update(no_key=True).get(pk=asker.pk)
    same = Reminder.objects.filter(asked_by=asker, member=who, message=message, text=text, done_at=None)
    if message and (first := same.filter(due_at__range=(due_at - SAME, due_at + SAME)).first()):
        return first
    if Reminder.objects.filter(asked_by=asker, done_at=None).count() >= OPEN_MAX:
        raise Invalid(_("You have 200 reminders to come. Cancel one first."))
    return Reminder.objects.create(
        org_id=space.org_id, member=who, asked_by=asker, space=space, message=message, text=text, due_at=due_at
    )


def coming(member: Member) -> list[Reminder]:
    """What the member will be reminded of, and what they asked for others, where they may still look; soonest first."""
    mine = Reminder.objects.filter(Q(member=member) | Q(asked_by=member), done_at=None)
    seen = mine.filter(space__in=Space.objects.visible_to(member))
    whole = seen.select_related("member", "asked_by", "space", "message__author", "message__ai_model")
    found = list(whole.order_by("due_at", "id")[:LISTED_MAX])
    titles.name_for(member, [each.space for each in found])
    return found


def of_message(member: Member, message: Message) -> QuerySet[Reminder]:
    return Reminder.objects.filter(member=member, message=message, done_at=None).order_by("due_at")


def reach(user: Person, reminder_id: uuid.UUID) -> tuple[Reminder, Member]:
    """One to come, for whoever asked for it or is meant by it. Raises NotFound, Suspended."""
    found = Reminder.objects.filter(pk=reminder_id, done_at=None).select_related("org").first()
    if found is None:
        raise NotFound
    member = access.member(user, found.org.slug)
    if member.pk not in (found.member_id, found.asked_by_id):
        raise NotFound
    return found, member


def cancel(member: Member, reminder: Reminder) -> None:
    if member.pk not in (reminder.member_id, reminder.asked_by_id):
        raise NotFound
    Reminder.objects.filter(pk=reminder.pk, done_at=None).delete()


@transaction.atomic
def keep_due() -> int:
    """Turn what is due into notices; how many there were. Of many workers each takes what no other has."""
    due = Reminder.objects.select_for_update(skip_locked=True, of=("self",)).filter(done_at=None, due_at__lte=Now())
    taken = list(due.select_related("member__user", "space", "message").order_by("due_at")[:BATCH])
    if not taken:
        return 0
    Reminder.objects.filter(pk__in=[each.pk for each in taken]).update(done_at=Now())
    notices.note_reminders(each for each in taken if _is_for_them_still(each))
    return len(taken)


def zone(member: Member) -> ZoneInfo:
    return moments.zone_of(member.user.own_zone if member.user else "")


def _is_for_them_still(reminder: Reminder) -> bool:
    member = reminder.member
    if member.left_at is not None or member.user is None or not member.user.is_active:
        return False
    if reminder.message is not None and reminder.message.is_deleted:
        return False
    return Space.objects.visible_to(member).filter(pk=reminder.space_id).exists()
