"""An emoji under a message. *Called by*: chat.reactions. *Keeps true*: one of a kind a member and message."""

from django.db import models


class Reaction(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="reactions")
    member = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    emoji = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "member", "emoji"], name="reaction_once")]
        indexes = [models.Index(fields=["member", "-created_at"], name="reaction_recent")]

    def __str__(self) -> str:
        return self.emoji
