"""How much a member wants to be told: of a Space, and everywhere else.

*Called by*: chat.views.notices. *Keeps true*: a Space's own level goes before the member's; a level changes what comes,
never what has come.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from chat import broadcast
from chat.models import NoticeSettings
from workspace.errors import Forbidden
from workspace.models import Member, Space, SpaceMember


def settings_of(member: Member) -> NoticeSettings:
    """The member's settings; not saved where there are none yet."""
    return NoticeSettings.objects.filter(member=member).first() or NoticeSettings(member=member)


@transaction.atomic
def change_settings(member: Member, *, level: str) -> None:
    NoticeSettings.objects.update_or_create(member=member, defaults={"level": level})
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
