"""How much a member wants to be told: of a Space, and everywhere else.

*Called by*: chat.views, chat.notices.digest, chat.push. *Keeps true*: a Space's own level goes before the member's; a
level changes what comes, never what has come.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from chat import broadcast
from chat.models import NoticeSettings
from workspace import titles
from workspace.errors import Forbidden
from workspace.models import Availability, Member, NoticeLevel, Space, SpaceMember


def settings_of(member: Member) -> NoticeSettings:
    """The member's settings; not saved where there are none yet."""
    return NoticeSettings.objects.filter(member=member).first() or NoticeSettings(member=member)


def settings_of_each(members: Iterable[Member]) -> dict[UUID, NoticeSettings]:
    """The same of many, by the member's id. One query."""
    people = {member.pk: member for member in members}
    saved = NoticeSettings.objects.in_bulk(people)
    return {pk: saved.get(pk) or NoticeSettings(member=member) for pk, member in people.items()}


def may_toast(member: Member) -> bool:
    """Whether a page that is open may show them, in a corner, what comes elsewhere."""
    return member.availability != Availability.BUSY and settings_of(member).has_toasts


def own_levels(member: Member) -> list[SpaceMember]:
    """The seats whose Space does not tell as the settings say, by name. Two queries."""
    differs = ~Q(notice_level=NoticeLevel.DEFAULT) | Q(is_muted=True)
    seats = SpaceMember.objects.filter(differs, member=member, space__archived_at=None).select_related("space")
    found = list(seats)
    titles.name_for(member, [seat.space for seat in found])
    return sorted(found, key=lambda seat: seat.space.name.casefold())


@transaction.atomic
def change_settings(member: Member, **chosen: object) -> None:
    """`chosen` are fields of NoticeSettings; the others stay."""
    NoticeSettings.objects.update_or_create(member=member, defaults=chosen)
    transaction.on_commit(lambda: broadcast.to_member(member.pk, {"type": "unread.changed"}))


def change_push(member: Member, *, is_pushed: bool, shows_text: bool) -> None:
    """What the member's devices are told of this organization."""
    fields = {"is_pushed": is_pushed, "shows_text": shows_text}
    NoticeSettings.objects.update_or_create(member=member, defaults=fields)


@transaction.atomic
def change(member: Member, space: Space, *, level: str, is_muted: bool) -> None:
    """Raises Forbidden for who has not joined: there is nothing to be told of."""
    seat = SpaceMember.objects.filter(member=member, space=space)
    if not seat.update(notice_level=level, is_muted=is_muted):
        raise Forbidden(_("Join this Space first; then you can choose what it tells you."))
    transaction.on_commit(lambda: broadcast.sidebar_changed([member.pk]))
    transaction.on_commit(lambda: broadcast.to_member(member.pk, {"type": "unread.changed"}))
