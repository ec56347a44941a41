"""The messages under a message, and who takes part in it.

*Called by*: chat.threads. *Keeps true*: a thread is counted under its Space's row lock, in the transaction that
changes it; whoever takes part is a member or a model, and only members follow.
"""

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

FACES_MAX = 5


class Thread(models.Model):
    """Made with the first reply; its id is that of the message it stands under."""

    message = models.OneToOneField("chat.Message", models.CASCADE, primary_key=True, related_name="thread")
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    replies_count = models.PositiveIntegerField(default=0)
    last_position = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"thread of {self.message_id}"

    @cached_property
    def faces(self) -> "list[ThreadMember]":
        """The first who wrote in it. `MessageQuerySet.for_page` has them at hand."""
        known = getattr(self, "known_faces", None)
        return list(ThreadMember.objects.filter(thread=self).faces()) if known is None else known


class ThreadMemberQuerySet(models.QuerySet["ThreadMember"]):
    def faces(self) -> "ThreadMemberQuerySet":
        """The first few who wrote, of each thread where it is prefetched."""
        return self.filter(has_written=True).select_related("member", "ai_model").order_by("pk")[:FACES_MAX]


class ThreadMember(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="thread_members")
    member = models.ForeignKey("workspace.Member", models.CASCADE, null=True, related_name="+")
    ai_model = models.ForeignKey("catalog.AIModel", models.PROTECT, null=True, related_name="+")
    has_written = models.BooleanField(default=False)
    is_following = models.BooleanField(default=True)
    read_position = models.BigIntegerField(default=0)

    objects = ThreadMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "member"], name="thread_member_once"),
            models.UniqueConstraint(fields=["thread", "ai_model"], name="thread_ai_model_once"),
            models.CheckConstraint(
                condition=Q(member__isnull=False, ai_model=None)
                | Q(member=None, ai_model__isnull=False, is_following=False),
                name="thread_member_or_ai_model",
            ),
        ]
        indexes = [models.Index(fields=["member", "thread"], condition=Q(is_following=True), name="thread_followed")]

    def __str__(self) -> str:
        return f"{self.member_id or self.ai_model_id} in {self.thread_id}"
