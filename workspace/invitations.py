"""Invitations by link.

*Called by*: chat.places, chat.views. *Keeps true*: nobody invites above their own role or into a Space that they
cannot see; a dead link says why it is dead, and the same sentence whoever asks.
"""

import uuid
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace import audit, members, spaces
from workspace.errors import Forbidden, Invalid, NotFound
from workspace.models import Invitation, Member, Role, Space, SpaceMember, User

DAYS_MAX = 30
USES_MAX = 50


class InvitationOver(Invalid):
    code = "invitation_over"
    status = 410
    message = gettext_lazy("This invitation is no longer good. Ask the person who sent it for a new link.")


@transaction.atomic
def create(actor: Member, space: Space, *, role: str, days: int, uses: int = 1) -> Invitation:
    if not actor.is_admin:
        raise Forbidden(_("Only owners and admins can invite people."))
    if space.is_direct:
        raise Invalid(_("Nobody can be invited into a direct conversation. Pick a Space."))
    spaces.require_open(space)
    if role not in (Role.ADMIN, Role.MEMBER, Role.GUEST):
        raise Invalid(_("Pick one of the roles admin, member or guest."))
    if members.RANK[Role(role)] > members.RANK[Role(actor.role)]:
        raise Forbidden(_("Nobody can invite above their own role."))
    if not 1 <= days <= DAYS_MAX or not 1 <= uses <= USES_MAX:
        raise Invalid(
            _("A link lasts 1 to {days} days and serves 1 to {uses} people.").format(days=DAYS_MAX, uses=USES_MAX)
        )
    expires_at = timezone.now() + timedelta(days=days)
    invitation = Invitation.objects.create(
        org=actor.org, space=space, role=role, created_by=actor, expires_at=expires_at, max_uses=uses
    )
    audit.record(actor.org, actor, "invitation.created", str(invitation.id), role=role, days=days, uses=uses)
    return invitation


@transaction.atomic
def revoke(actor: Member, invitation: Invitation) -> None:
    if not actor.is_admin:
        raise Forbidden(_("Only owners and admins can revoke an invitation."))
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())
    audit.record(actor.org, actor, "invitation.revoked", str(invitation.id))


def key(invitation: Invitation) -> str:
    """The word in the link: the id and its signature."""
    return _signer().sign(invitation.id.hex)


def read(key: str) -> Invitation:
    """The invitation behind a link. Raises NotFound for a forged key, InvitationOver for a dead one."""
    try:
        invitation_id = uuid.UUID(_signer().unsign(key))
    except (signing.BadSignature, ValueError):
        raise NotFound from None
    invitation = Invitation.objects.select_related("org", "space", "created_by").filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound
    if not invitation.is_open or invitation.org.is_suspended:
        raise InvitationOver
    return invitation


@transaction.atomic
def accept(invitation: Invitation, user: User, *, avoid_handles: set[str] | None = None) -> Member:
    """Admit the person and let them into the Space, unless it is archived by now. One who is already a member uses
    nothing up.
    """
    space = Space.objects.select_for_update(no_key=True).get(pk=invitation.space_id)
    if not _may_lead_in(invitation, space):
        raise InvitationOver
    # Under a lock: who is removed at this moment keeps no seat.
    rows = Member.objects.present().select_for_update(of=("self",), no_key=True)
    member = rows.filter(org=invitation.org, user=user).first()
    if member is None:
        # A link that was about before somebody was removed does not bring them back.
        if Member.objects.filter(org=invitation.org, user=user, left_at__gte=invitation.created_at).exists():
            raise InvitationOver
        used = Invitation.objects.open().filter(pk=invitation.pk).update(uses=F("uses") + 1)
        if not used:
            raise InvitationOver
        member = members.admit(invitation.org, user, role=invitation.role, avoid_handles=avoid_handles)
        audit.record(invitation.org, member, "member.joined", member.handle, invitation=str(invitation.id))
    elif not Invitation.objects.open().filter(pk=invitation.pk).exists():
        raise InvitationOver
    if space.archived_at is None:
        seat = {"org_id": invitation.org_id, "role": spaces.returning_role(space, member)}
        SpaceMember.objects.get_or_create(space=space, member=member, defaults=seat)
    return member


def _may_lead_in(invitation: Invitation, space: Space) -> bool:
    """Nobody lets others, or themselves, into a private Space that they are not in today."""
    maker = SpaceMember.objects.filter(space=space, member=invitation.created_by_id)
    return not space.is_private or maker.exists()


def _signer() -> signing.Signer:
    return signing.Signer(salt="workspace.invitation")
