"""What a member is told, and how.

*Called by*: chat.notices. *Keeps true*: one notice a member, message and kind, made in the transaction that caused it.
"""

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q

from workspace.models import Member, NoticeLevel, Role, SpaceMember


class NoticeKind(models.TextChoices):
    MENTION = "mention", "Mention"
    GROUP = "group", "Mention of everyone"
    DIRECT = "direct", "Direct message"
    THREAD = "thread", "Answer in a thread"
    ANSWER = "answer", "Answer of a model"
    MESSAGE = "message", "Message"
    REACTION = "reaction", "Reaction"
    REMINDER = "reminder", "Reminder"


# What counts as "somebody means you" on a Space's badge.
CALLING = (NoticeKind.MENTION, NoticeKind.GROUP, NoticeKind.DIRECT)
# What leaves the server even for a Space that is muted.
PERSONAL = (NoticeKind.MENTION, NoticeKind.ANSWER, NoticeKind.REMINDER)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, member: Member) -> "NoticeQuerySet":
        """Theirs, of Spaces that they may still open."""
        joined = Q(Exists(SpaceMember.objects.filter(space=OuterRef("space"), member=member)))
        allowed = joined if member.role == Role.GUEST else joined | Q(space__is_private=False)
        return self.filter(allowed, member=member)

    def visible(self) -> "NoticeQuerySet":
        """Each to its own member, as above."""
        joined = Q(Exists(SpaceMember.objects.filter(space=OuterRef("space"), member=OuterRef("member"))))
        return self.filter(joined | Q(space__is_private=False) & ~Q(member__role=Role.GUEST))

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=8, choices=NoticeKind)
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, null=True, related_name="+")
    # Who caused it: a member, or nobody where a model or the clock did.
    actor = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    # When it left the house, or was found not to need to; `pushed_at`: when it was handed to the person's devices.
    mailed_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "message", "kind", "actor"],
                name="notice_once",
                # Of reminders of one message there may be several: each was asked for by itself.
                condition=Q(message__isnull=False) & ~Q(kind="reminder"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
        ]
        indexes = [
            models.Index(fields=["member", "-created_at"], name="notice_newest"),
            models.Index(fields=["member", "space", "kind"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["member", "created_at"],
                condition=Q(read_at=None, mailed_at=None) & ~Q(kind="reaction"),
                name="notice_to_mail",
            ),
            models.Index(fields=["created_at"], condition=Q(pushed_at=None), name="notice_to_push"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.member_id}"


class Digest(models.TextChoices):
    OFF = "off", "Never"
    SOON = "soon", "After 15 minutes"
    HOURLY = "hourly", "Every hour"
    DAILY = "daily", "Every morning"


class NoticeSettings(models.Model):
    """How a member wants to be told. No row: as the fields' defaults say."""

    member = models.OneToOneField("workspace.Member", models.CASCADE, primary_key=True, related_name="notice_settings")
    level = models.CharField(max_length=8, choices=NoticeLevel.choices[1:], default=NoticeLevel.MENTIONS)
    digest = models.CharField(max_length=6, choices=Digest, default=Digest.SOON)
    is_pushed = models.BooleanField(default=True)
    # Whether a device shows the words of a message, or only that there is one.
    shows_text = models.BooleanField(default=True)
    has_sound = models.BooleanField(default=False)
    has_toasts = models.BooleanField(default=True)
    # Until then somebody is mailing, or has failed to: nobody else tries.
    mail_after = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"settings of {self.member_id}"
