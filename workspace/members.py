"""Members: coming, going, changing role.

*Called by*: orgs, invitations, chat.places. *Keeps true*: whoever leaves an organization leaves all its Spaces
in the same transaction (direct conversations keep their seat, for others to read); nobody gives a role above their own.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace import audit, names, seats
from workspace.errors import Forbidden, Invalid
from workspace.models import Invitation, Member, Org, Role, Space, SpaceMember, User

RANK = {Role.GUEST: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}
RESERVED_HANDLES = {"here", "space", "all", "everyone", "channel", "me"}


@transaction.atomic
def admit(org: Org, user: User, *, role: str, avoid_handles: set[str] | None = None) -> Member:
    """Make the person a member, or bring back one who had left. A present member is returned unchanged."""
    member = Member.objects.select_for_update().filter(org=org, user=user).first()
    if member and member.left_at is None:
        return member
    if member:
        member.left_at, member.role = None, role
        member.save(update_fields=["left_at", "role"])
        return member
    if claimed := _claim(org, user, role=role):
        return claimed
    display_name = user.name or user.email.split("@", 1)[0]
    handle = _free_handle(org, display_name, avoid_handles)
    return Member.objects.create(org=org, user=user, role=role, display_name=display_name, handle=handle)


@transaction.atomic
def bring(
    org: Org,
    *,
    name: str,
    email: str,
    title: str,
    handle: str = "",
    left_at: datetime | None = None,
    is_guest: bool = False,
    avoid_handles: set[str] | None = None,
) -> Member:
    """Make a member of somebody who has no account here: an author of what was written elsewhere, and nothing more.

    Whoever joins with that address takes the name over, in the role that they are invited to. Of a handle that is
    taken the next one that is free.
    """
    try:
        shown = names.clean(name)
    except Invalid:
        shown = names.slug(name, fallback="somebody")
    return Member.objects.create(
        org=org,
        user=None,
        claim_email=email,
        role=Role.GUEST if is_guest else Role.MEMBER,
        display_name=shown,
        title=title,
        left_at=left_at,
        handle=_free_handle(org, handle or shown, avoid_handles),
    )


@transaction.atomic
def remove(actor: Member, member: Member) -> list[Space]:
    """Take every right of the member in this organization away; returns the Spaces that are archived by it, because
    nobody else could own them. Raises Forbidden, Invalid for the owner.
    """
    if member.role == Role.OWNER:
        raise Invalid(_("The owner cannot be removed. Hand the organization over first."))
    if actor.pk != member.pk and (not actor.is_admin or RANK[Role(actor.role)] < RANK[Role(member.role)]):
        raise Forbidden(_("Only an admin can remove a member, and nobody of a higher role."))
    archived = seats.empty(actor, member)
    Member.objects.filter(pk=member.pk).update(left_at=timezone.now())
    _close_invitations(member)
    audit.record(actor.org, actor, "member.removed", member.handle, role=member.role)
    return archived


@transaction.atomic
def change_role(actor: Member, member: Member, *, role: str) -> Member:
    if role not in RANK or role == Role.OWNER or member.role == Role.OWNER:
        raise Invalid(_("Pick one of the roles admin, member or guest."))
    if not actor.is_admin or max(RANK[Role(role)], RANK[Role(member.role)]) > RANK[Role(actor.role)]:
        raise Forbidden(_("Only an admin can change roles, and to none above their own."))
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    if not member.is_admin:
        _close_invitations(member)
    audit.record(actor.org, actor, "member.role_changed", member.handle, before=before, after=role)
    return member


def has_shown_address(user: User) -> bool:
    """Whether the address was verified by mail."""
    return has_shown(user, user.email)


def has_shown(user: User, email: str) -> bool:
    """Whether that address was verified by mail, as this person's."""
    if "\x00" in email:
        return False
    return EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()


def _claim(org: Org, user: User, *, role: str) -> Member | None:
    """What was brought under this person's address becomes theirs, once they have shown that the address is."""
    if not user.email or not has_shown_address(user):
        return None
    member = Member.objects.select_for_update().filter(org=org, user=None, claim_email=user.email).first()
    if member is not None:
        member.user, member.role, member.claim_email, member.left_at = user, role, "", None
        member.save(update_fields=["user", "role", "claim_email", "left_at"])
        if member.is_guest:
            SpaceMember.objects.filter(member=member).delete()  # a guest sees what somebody adds them to
    return member


def _free_handle(org: Org, name: str, avoid_handles: set[str] | None) -> str:
    word = names.slug(name, fallback="member", longest=30)
    taken = set(Member.objects.filter(org=org).values_list("handle", flat=True))
    return names.free(word, taken | RESERVED_HANDLES | (avoid_handles or set()))


def _close_invitations(member: Member) -> None:
    """Links that the member made end with the right to make them: nobody else may know of them."""
    Invitation.objects.open().filter(created_by=member).update(revoked_at=timezone.now())
