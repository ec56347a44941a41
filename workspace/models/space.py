"""A Space and who is in it.

*Called by*: access, chat. *Keeps true*: `revision` counts every visible change, one by one, under this row's lock.
"""

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q

from workspace.models.member import Member, Role


class SpaceKind(models.TextChoices):
    SPACE = "space", "Space"
    DIRECT = "direct", "Direct conversation"


class SpaceRole(models.TextChoices):
    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"


class SpaceQuerySet(models.QuerySet["Space"]):
    def visible_to(self, member: Member) -> "SpaceQuerySet":
        """Spaces that this member may open: those joined, and public ones unless the member is a guest."""
        joined = Exists(SpaceMember.objects.filter(space=OuterRef("pk"), member=member))
        allowed = Q(joined) if member.role == Role.GUEST else Q(is_private=False) | Q(joined)
        return self.filter(allowed, org_id=member.org_id)

    def joined_by(self, member: Member) -> "SpaceQuerySet":
        return self.filter(org_id=member.org_id, space_members__member=member)

    def of_the_plan(self) -> "SpaceQuerySet":
        """Those that a plan counts: direct conversations do not."""
        return self.filter(kind=SpaceKind.SPACE)


class Space(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="spaces")
    kind = models.CharField(max_length=6, choices=SpaceKind, default=SpaceKind.SPACE)
    name = models.CharField(max_length=80)
    is_private = models.BooleanField(default=False)
    revision = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="space_in_org"),
            models.CheckConstraint(condition=~Q(kind="direct") | Q(is_private=True), name="space_direct_is_private"),
            models.CheckConstraint(condition=Q(revision__gte=0), name="space_revision_counts_up"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/spaces/{self.id}/"


class SpaceMember(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey(Space, models.CASCADE, related_name="space_members")
    member = models.ForeignKey(Member, models.CASCADE, related_name="space_members")
    role = models.CharField(max_length=6, choices=SpaceRole, default=SpaceRole.EDITOR)
    created_at = models.DateTimeField(auto_now_add=True)
    visited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "member"], name="space_member_once")]

    def __str__(self) -> str:
        return f"{self.member} in {self.space}"
