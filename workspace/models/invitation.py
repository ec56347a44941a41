"""A link that lets people in.

*Called by*: workspace.invitations. *Keeps true*: the link's key is a signature over the row's id, so that
nothing stored here opens a door; a link dies by date, by use or by hand.
"""

import uuid

from django.db import models
from django.utils import timezone

from workspace.models.member import Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=timezone.now(), uses__lt=models.F("max_uses"))


class Invitation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="invitations")
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="+")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    created_by = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(uses__lte=models.F("max_uses")), name="invitation_uses_bounded"),
            models.CheckConstraint(
                condition=models.Q(role__in=[Role.ADMIN, Role.MEMBER, Role.GUEST]), name="invitation_never_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.org}"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now() and self.uses < self.max_uses
