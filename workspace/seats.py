"""Seats: who is in a Space, and with which role.

*Called by*: chat.places, members. *Keeps true*: a Space always has an owner, who is here and no guest; what is changed
is audited. Owners manage, editors write, viewers read and react.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace import audit
from workspace.errors import Invalid
from workspace.models import Member, Role, Space, SpaceKind, SpaceMember, SpaceRole
from workspace.spaces import lock_present, require_manager


@transaction.atomic
def set_role(actor: Member, space: Space, member: Member, role: str) -> SpaceMember:
    """Raises Forbidden, Invalid (as owner a guest or somebody who is not here, the last owner, no seat)."""
    require_manager(actor, space)
    if role not in SpaceRole.values:
        raise Invalid(_("There is no such role."))
    Space.objects.select_for_update(no_key=True).get(pk=space.pk)  # two owners who step down at once leave one
    _require_heir(member, role)
    seat = _seat(space, member)
    if seat.role == role:
        return seat
    owners = SpaceMember.objects.filter(space=space).owners().exclude(member=member)
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
    _require_heir(heir, SpaceRole.OWNER)
    _seat(space, heir)
    SpaceMember.objects.filter(space=space, member=actor, role=SpaceRole.OWNER).update(role=SpaceRole.EDITOR)
    SpaceMember.objects.filter(space=space, member=heir).update(role=SpaceRole.OWNER)
    audit.record(actor.org, actor, "space.given", str(space.id), member=heir.handle)


def empty(actor: Member, member: Member) -> list[Space]:
    """Take all seats of a member who leaves the organization but those in direct conversations, which others go on
    reading. Call inside the transaction that removes them; returns the Spaces that are archived by it.

    What only they owned goes to whoever has been in it longest. Without such an heir the organization's owner gets a
    public Space; a private one, which is nobody else's to read, is archived.
    """
    mine = SpaceMember.objects.filter(member=member).exclude(space__kind=SpaceKind.DIRECT)
    # All at once and before the member: nobody is made an owner in one of them meanwhile.
    rows = Space.objects.select_for_update(no_key=True).filter(pk__in=mine.values("space_id")).order_by("pk")
    found = {space.pk: space for space in rows}
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    owned = [found[pk] for pk in mine.filter(role=SpaceRole.OWNER).values_list("space_id", flat=True) if pk in found]
    mine.delete()
    return [space for space in owned if not _inherit(actor, space)]


def _inherit(actor: Member, space: Space) -> bool:
    """See to it that somebody owns the Space; False where it was archived because nobody could."""
    seats = SpaceMember.objects.filter(space=space).present().exclude(member__role=Role.GUEST)
    if seats.owners().exists():
        return True
    heir = seats.order_by("created_at", "pk").first()
    if heir is None and not space.is_private:
        owner = Member.objects.present().filter(org_id=space.org_id, role=Role.OWNER).first()
        heir = SpaceMember(org_id=space.org_id, space=space, member=owner) if owner else None
    if heir is not None:
        heir.role = SpaceRole.OWNER
        heir.save()
        audit.record(actor.org, actor, "space.given", str(space.id), member=heir.member.handle)
        return True
    if space.archived_at is not None:
        return True
    space.archived_at = timezone.now()
    space.save(update_fields=["archived_at"])
    audit.record(actor.org, actor, "space.archived", str(space.id), reason="nobody_left")
    return False


def _seat(space: Space, member: Member) -> SpaceMember:
    seat = SpaceMember.objects.filter(space=space, member=member).first()
    if seat is None:
        raise Invalid(_("That person is not in this Space."))
    return seat


def _require_heir(member: Member, role: str) -> None:
    if role != SpaceRole.OWNER:
        return
    if member.is_guest:
        raise Invalid(_("A guest cannot own a Space."))
    if not lock_present([member]):
        raise Invalid(_("That person is not in this organization."))
