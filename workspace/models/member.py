"""A person in an organization, with a role.

*Called by*: access and every page. *Keeps true*: a member who left keeps the row (messages need an author)
but loses every right: each read of rights goes through `Member.objects.present()`.
"""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    GUEST = "guest", _("Guest")


class Availability(models.TextChoices):
    """How somebody wants to be seen while they are here."""

    AUTO = "", _("As it is")
    AWAY = "away", _("Appear away")
    BUSY = "busy", _("Do not disturb")


class MemberQuerySet(models.QuerySet["Member"]):
    def present(self) -> "MemberQuerySet":
        """Those who may act today: not gone, with a live account."""
        return self.filter(left_at=None, user__is_active=True)

    def search(self, query: str) -> "MemberQuerySet":
        """Whose name or handle holds the words; all for none."""
        words = query.replace("\x00", "").split()[:5]
        found = self
        for word in words:
            found = found.filter(models.Q(display_name__icontains=word[:60]) | models.Q(handle__icontains=word[:60]))
        return found

    def in_space(self, space: models.Model) -> "MemberQuerySet":
        return self.filter(space_members__space=space)


class Member(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="members")
    # NULL: somebody whose messages were brought from elsewhere and who has not come yet (claim_email says who may).
    user = models.ForeignKey("workspace.User", models.PROTECT, null=True, related_name="members")
    claim_email = models.EmailField(max_length=254, blank=True)
    role = models.CharField(max_length=8, choices=Role)
    display_name = models.CharField(max_length=80)
    handle = models.CharField(max_length=40)
    title = models.CharField(max_length=80, blank=True)
    # The version of the picture (see Picture), so that its address changes with it. Blank: initials.
    picture = models.CharField(max_length=16, blank=True)
    status_emoji = models.CharField(max_length=32, blank=True)
    status_text = models.CharField(max_length=100, blank=True)
    status_until = models.DateTimeField(null=True, blank=True)
    availability = models.CharField(max_length=4, choices=Availability, default=Availability.AUTO, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "user"], name="member_once_per_org"),
            models.UniqueConstraint(fields=["org", "handle"], name="member_handle_once_per_org"),
            models.UniqueConstraint(fields=["org", "id"], name="member_in_org"),
            models.UniqueConstraint(
                fields=["org"], condition=models.Q(role="owner", left_at=None), name="member_one_owner_per_org"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_admin(self) -> bool:
        return self.role in (Role.OWNER, Role.ADMIN)

    @property
    def is_guest(self) -> bool:
        return self.role == Role.GUEST

    @property
    def initials(self) -> str:
        words = self.display_name.split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def has_left(self) -> bool:
        return self.left_at is not None

    @property
    def has_status(self) -> bool:
        """Whether there is a status, and its time is not over."""
        is_over = self.status_until is not None and self.status_until <= timezone.now()
        return bool(self.status_emoji or self.status_text) and not is_over

    @property
    def picture_url(self) -> str:
        """Where the small picture is; "" for one who shows initials."""
        return f"/members/{self.id}/picture/?v={self.picture}" if self.picture else ""

    @property
    def email(self) -> str:
        return self.user.email if self.user else self.claim_email
