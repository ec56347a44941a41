"""The one door to organizations, Spaces and people for a person.

*Called by*: every view and the socket. *Keeps true*: what one may not see is missing, in the same words
(404); the organization is found through the thing asked for, never taken from the request.
"""

import uuid
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext as _

from workspace.errors import Forbidden, NotFound, Suspended
from workspace.models import Invitation, Member, Space, User
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
    found = _present(user).filter(org__slug=org_slug).first()
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
    return space


def colleague(member: Member, member_id: uuid.UUID | str) -> Member:
    """A present member of the same organization; for a guest, one who shares a Space with them."""
    people = Member.objects.present().filter(org_id=member.org_id)
    if member.is_guest:
        people = people.filter(space_members__space__in=Space.objects.joined_by(member))
    found = people.filter(pk=as_uuid(member_id)).first()
    if found is None:
        raise NotFound
    return found


def acquaintances(member: Member) -> MemberQuerySet:
    """Everyone of the organization, gone ones too, whose name the member may know; a guest, those of shared Spaces."""
    people = Member.objects.filter(org_id=member.org_id)
    if not member.is_guest:
        return people
    mine = Q(space_members__space__in=Space.objects.joined_by(member)) | Q(pk=member.pk)
    return people.filter(mine).distinct()


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
