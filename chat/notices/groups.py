"""Calling everybody: who may, and how many people that reaches.

*Called by*: chat.feed, chat.mentions, chat.views.unread. *Keeps true*: what the composer is told before sending is
counted as sending counts it; a group wakes no model.
"""

from collections.abc import Collection

from django.utils.translation import gettext as _

from chat import presence
from chat.models import NoticeSettings
from workspace.errors import Forbidden
from workspace.models import Member, NoticeLevel, Space, SpaceMember, SpaceRole

# A call to more people than this is confirmed first.
ASK_OVER = 10


class NoCaller(Forbidden):
    code = "no_caller"


def require_caller(author: Member, space: Space, groups: Collection[str]) -> None:
    """Raises NoCaller where the author names everybody and may not. In a direct conversation anyone may."""
    if groups and author.is_guest and not space.is_direct:
        raise NoCaller(_("Guests cannot call everybody with @here or @space. Mention the people you mean by name."))


def audience(member: Member, space: Space) -> dict[str, object]:
    """How many people @here and @space would call, from this member, and whether they may."""
    people = SpaceMember.objects.filter(space=space, member__left_at=None, member__user__is_active=True)
    silent = NoticeSettings.objects.filter(level=NoticeLevel.NOTHING).values("member")
    hearing = people.exclude(member=member).exclude(is_muted=True).exclude(notice_level=NoticeLevel.NOTHING)
    if not space.is_direct:
        hearing = hearing.exclude(notice_level=NoticeLevel.DEFAULT, member__in=silent)
    seat = people.filter(member=member).values_list("role", flat=True).first()
    may = space.is_direct or not (member.is_guest or seat == SpaceRole.VIEWER)
    ids = list(hearing.values_list("member_id", flat=True))
    here = presence.active_ids(space.org_id, ids)
    return {"here": len(here), "space": len(ids), "may": may, "ask_over": ASK_OVER}
