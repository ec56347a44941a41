"""The one door to organizations, Spaces and people for a person.

*Called by*: every view and the socket. *Keeps true*: what one may not see is missing, in the same words
(404); the organization is found through the thing asked for, never taken from the request.
"""

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from workspace import titles
from workspace.errors import Forbidden, NotFound, Suspended
from workspace.models import Invitation, Member, Space, SpaceMember, User
from workspace.models.member import MemberQuerySet

Person = User | AnonymousUser


class Seat(NamedTuple):
    """A Space, and the member through whom the person reaches it."""

    space: Space
    member: Member


def memberships(user: Person) -> list[Member]:
    """Where the person is a member, longest first."""
    if not user.is_authenticated:
        return []
    return list(Member.objects.present().filter(user_id=user.pk).select_related("org").order_by("created_at"))


def member(user: Person, org_slug: str) -> Member:
    found = _present(user).filter(org__slug=org_slug.replace("\x00", " ")).first()  # no slug holds either
    if found is None:
        raise NotFound
    return _not_suspended(found)


def seat(user: Person, space_id: uuid.UUID | str) -> Seat:
    """The Space and the person's member in it. Raises NotFound, Suspended."""
    found = _present(user).filter(org__spaces=as_uuid(space_id)).first()
    if found is None:
        raise NotFound
    return Seat(space_of(found, space_id), found)


def space_of(member: Member, space_id: uuid.UUID | str) -> Space:
    """A Space of the member's organization that the member may open."""
    space = Space.objects.visible_to(member).filter(pk=as_uuid(space_id)).first()
    if space is None:
        raise NotFound
    _not_suspended(member)
    space.org = member.org
    titles.name_for(member, [space])
    return space


def colleague(member: Member, member_id: uuid.UUID | str) -> Member:
    """A present member of the same organization; for a guest, one who shares a Space with them."""
    return colleagues(member, [member_id])[0]


def colleagues(member: Member, member_ids: Iterable[uuid.UUID | str]) -> list[Member]:
    """All of these, each once; one who is missing makes them all missing."""
    wanted = {as_uuid(each) for each in member_ids}
    found = list(people(member).filter(pk__in=wanted).select_related("user"))
    if len(found) < len(wanted):
        raise NotFound
    return found


def acquaintances(member: Member) -> MemberQuerySet:
    """Everyone of the organization, gone ones too, whose name the member may know; a guest, those of shared Spaces."""
    everybody = Member.objects.filter(org_id=member.org_id)
    if not member.is_guest:
        return everybody
    shared = SpaceMember.objects.filter(member=OuterRef("pk"), space__in=Space.objects.joined_by(member))
    return everybody.filter(Q(Exists(shared)) | Q(pk=member.pk))


def acquaintance(member: Member, member_id: uuid.UUID | str) -> Member:
    found = acquaintances(member).filter(pk=as_uuid(member_id)).select_related("user").first()
    if found is None:
        raise NotFound
    return found


def people(member: Member) -> MemberQuerySet:
    """Those of them who are here to be met."""
    return acquaintances(member).present()


def portrayed(user: Person, member_id: uuid.UUID | str) -> Member:
    """Somebody whose name and picture this person may see, gone or not, found without naming the organization."""
    found = Member.objects.filter(pk=as_uuid(member_id)).select_related("org").first()
    viewer = _present(user).filter(org_id=found.org_id).first() if found else None
    if found is None or viewer is None or not acquaintances(viewer).filter(pk=found.pk).exists():
        raise NotFound
    _not_suspended(viewer)
    return found


def invitation(user: Person, invitation_id: uuid.UUID | str) -> tuple[Invitation, Member]:
    """An invitation of an organization that the person administers, into a Space that they may open."""
    row = Invitation.objects.filter(pk=as_uuid(invitation_id)).first()
    found = _present(user).filter(org_id=row.org_id).first() if row else None
    if row is None or found is None or not found.is_admin:
        raise NotFound
    space_of(found, row.space_id)
    return row, found


def require_admin(member: Member) -> None:
    if not member.is_admin:
        raise Forbidden(_("Only owners and admins can do that."))


def as_uuid(value: uuid.UUID | str) -> uuid.UUID:
    """Ids are read as UUIDs or not at all."""
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise NotFound from None


def _present(user: Person):
    if not user.is_authenticated:
        raise NotFound
    return Member.objects.present().filter(user_id=user.pk).select_related("org", "user")


def _not_suspended(member: Member) -> Member:
    if member.org.is_suspended:
        raise Suspended
    return member
