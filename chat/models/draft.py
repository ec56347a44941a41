"""What somebody has begun to write, so that it waits for them on every device. *Called by*: chat.drafts."""

from django.db import models
from django.db.models import Q


class Draft(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="drafts")
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="+")
    # The first message of the thread for which it is meant.
    parent = models.ForeignKey("chat.Message", models.CASCADE, null=True, related_name="+")
    text = models.TextField(max_length=20_000)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "space"], condition=Q(parent=None), name="draft_once_a_space"),
            models.UniqueConstraint(
                fields=["member", "parent"], condition=Q(parent__isnull=False), name="draft_once_a_thread"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="draft_says_something"),
        ]

    def __str__(self) -> str:
        return f"draft in {self.space_id}"
