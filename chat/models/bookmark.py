"""A message that a member keeps for themselves. *Called by*: chat.bookmarks."""

from django.db import models


class Bookmark(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="bookmarks")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "message"], name="bookmark_once")]

    def __str__(self) -> str:
        return f"bookmark of {self.message_id}"
