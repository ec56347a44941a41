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
    VIEWER = "viewer", "Viewer"


class NoticeLevel(models.TextChoices):
    DEFAULT = "", "As in my settings"
    ALL = "all", "Every message"
    MENTIONS = "mentions", "Mentions of me"
    NOTHING = "nothing", "Nothing"


class SpaceQuerySet(models.QuerySet["Space"]):
    def visible_to(self, member: Member) -> "SpaceQuerySet":
        """Spaces that this member may open: those joined, and public ones unless the member is a guest."""
        joined = Exists(SpaceMember.objects.filter(space=OuterRef("pk"), member=member))
        allowed = Q(joined) if member.role == Role.GUEST else Q(is_private=False) | Q(joined)
        return self.filter(allowed, org_id=member.org_id)

    def writable_by(self, member: Member) -> "SpaceQuerySet":
        """Those in which the member may write today (workspace.spaces.require_writer says why not)."""
        here = SpaceMember.objects.filter(space=OuterRef("pk"), member=member)
        was_viewer = FormerViewer.objects.filter(space=OuterRef("pk"), member=member)
        writes = Exists(here.exclude(role=SpaceRole.VIEWER)) | ~Exists(here) & ~Exists(was_viewer)
        return self.visible_to(member).filter(writes, archived_at=None, is_beyond_plan=False)

    def joined_by(self, member: Member) -> "SpaceQuerySet":
        return self.filter(org_id=member.org_id, space_members__member=member)

    def of_the_plan(self) -> "SpaceQuerySet":
        """Those that a plan counts: direct conversations and archived ones are not among them."""
        return self.filter(kind=SpaceKind.SPACE, archived_at=None)


class Space(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="spaces")
    kind = models.CharField(max_length=6, choices=SpaceKind, default=SpaceKind.SPACE)
    # Blank in a direct conversation: each who is in it reads the names of the others (workspace.titles).
    name = models.CharField(max_length=80)
    is_private = models.BooleanField(default=False)
    topic = models.CharField(max_length=250, blank=True)
    description = models.TextField(max_length=1000, blank=True)
    # Given to every model that answers here, before the conversation.
    instructions = models.TextField(max_length=8000, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # More Spaces than the plan holds: this one is read until there is room (billing.surplus).
    is_beyond_plan = models.BooleanField(default=False)
    # Of a direct conversation: a digest of who is in it, so that the same people have one.
    direct_key = models.CharField(max_length=64, null=True, blank=True)
    revision = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="space_in_org"),
            models.UniqueConstraint(fields=["org", "direct_key"], name="space_direct_once"),
            models.CheckConstraint(
                condition=Q(kind="direct", direct_key__isnull=False) | Q(kind="space", direct_key=None),
                name="space_direct_has_a_key",
            ),
            models.CheckConstraint(condition=~Q(kind="direct") | Q(is_private=True), name="space_direct_is_private"),
            models.CheckConstraint(condition=~Q(kind="direct") | Q(name=""), name="space_direct_has_no_name"),
            models.CheckConstraint(condition=Q(revision__gte=0), name="space_revision_counts_up"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/spaces/{self.id}/"

    @property
    def is_open(self) -> bool:
        """Whether anything may be written in it, as far as the Space goes."""
        return self.archived_at is None and not self.is_beyond_plan

    @property
    def is_direct(self) -> bool:
        return self.kind == SpaceKind.DIRECT

    @property
    def look(self) -> str:
        """By which sign it is known: direct, private or public."""
        return "direct" if self.is_direct else "private" if self.is_private else "public"

    @property
    def others(self) -> list[Member]:
        """Of a direct conversation: who is in it besides the one for whom workspace.titles has named it."""
        return getattr(self, "_others", [])


class Section(models.Model):
    """A heading of one member's own sidebar."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="sections")
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "name"], name="section_once")]

    def __str__(self) -> str:
        return self.name


class SpaceMemberQuerySet(models.QuerySet["SpaceMember"]):
    def present(self) -> "SpaceMemberQuerySet":
        """Seats of those who may act today: not of who left, nor of a name that was brought from elsewhere."""
        return self.filter(member__left_at=None, member__user__is_active=True)

    def owners(self) -> "SpaceMemberQuerySet":
        """Those who can answer for their Space today."""
        return self.present().filter(role=SpaceRole.OWNER)


class SpaceMember(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey(Space, models.CASCADE, related_name="space_members")
    member = models.ForeignKey(Member, models.CASCADE, related_name="space_members")
    role = models.CharField(max_length=6, choices=SpaceRole, default=SpaceRole.EDITOR)
    created_at = models.DateTimeField(auto_now_add=True)
    visited_at = models.DateTimeField(null=True, blank=True)
    # The position of the last message that the member has read.
    read_position = models.BigIntegerField(default=0)
    notice_level = models.CharField(max_length=8, choices=NoticeLevel, default=NoticeLevel.DEFAULT, blank=True)
    is_muted = models.BooleanField(default=False)
    is_favourite = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)
    section = models.ForeignKey(Section, models.SET_NULL, null=True, blank=True, related_name="space_members")

    objects = SpaceMemberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "member"], name="space_member_once")]

    def __str__(self) -> str:
        return f"{self.member} in {self.space}"


class FormerViewer(models.Model):
    """That somebody was a viewer when they left a Space, so that coming back does not make them more."""

    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey(Space, models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "member"], name="former_viewer_once")]

    def __str__(self) -> str:
        return f"{self.member}, once in {self.space}"
