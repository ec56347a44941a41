"""What a message said before. *Called by*: chat.edits. *Keeps true*: gone when the message is deleted."""

from django.db import models


class Edit(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="edits")
    # What the message said until `at`.
    text = models.TextField()
    html = models.TextField()
    # The Space's revision at which it was replaced: whoever edits has to have seen that one.
    revision = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["message", "revision"], name="edit_by_revision")]

    def __str__(self) -> str:
        return f"edit of {self.message_id}"
