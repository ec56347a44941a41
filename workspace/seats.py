"""Seats: who is in a Space, and with which role.

*Called by*: chat.places. *Keeps true*: a Space always has an owner, who is no guest; what is changed is audited.
Owners manage, editors write, viewers read and react.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from workspace import audit
from workspace.errors import Invalid
from workspace.models import Member, Space, SpaceMember, SpaceRole
from workspace.spaces import require_manager


@transaction.atomic
def set_role(actor: Member, space: Space, member: Member, role: str) -> SpaceMember:
    """Raises Forbidden, Invalid (a guest as owner, the last owner, somebody who is not in the Space)."""
    require_manager(actor, space)
    if role not in SpaceRole.values:
        raise Invalid(_("There is no such role."))
    Space.objects.select_for_update(no_key=True).get(pk=space.pk)  # two owners who step down at once leave one
    seat = _seat(space, member)
    if seat.role == role:
        return seat
    _require_heir(member, role)
    owners = SpaceMember.objects.filter(space=space, role=SpaceRole.OWNER).exclude(member=member)
    if seat.role == SpaceRole.OWNER and not owners.exists():
        raise Invalid(_("A Space needs an owner. Make somebody else one first."))
    seat.role = role
    seat.save(update_fields=["role"])
    audit.record(actor.org, actor, "space.role_changed", str(space.id), member=member.handle, role=role)
    return seat


@transaction.atomic
def give(actor: Member, space: Space, heir: Member) -> None:
    """Make another the Space's owner; whoever gives it away stays as an editor."""
    require_manager(actor, space)
    Space.objects.select_for_update(no_key=True).get(pk=space.pk)
    _seat(space, heir)
    _require_heir(heir, SpaceRole.OWNER)
    SpaceMember.objects.filter(space=space, member=actor, role=SpaceRole.OWNER).update(role=SpaceRole.EDITOR)
    SpaceMember.objects.filter(space=space, member=heir).update(role=SpaceRole.OWNER)
    audit.record(actor.org, actor, "space.given", str(space.id), member=heir.handle)


def _seat(space: Space, member: Member) -> SpaceMember:
    seat = SpaceMember.objects.filter(space=space, member=member).first()
    if seat is None:
        raise Invalid(_("That person is not in this Space."))
    return seat


def _require_heir(member: Member, role: str) -> None:
    if role == SpaceRole.OWNER and member.is_guest:
        raise Invalid(_("A guest cannot own a Space."))
