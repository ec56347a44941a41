"""A note of a Space's memory: every model that answers there is given it. *Called by*: chat.memory."""

import uuid

from django.db import models


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="notes")
    author = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    # The message from which it was saved, if it was.
    message = models.ForeignKey("chat.Message", models.SET_NULL, null=True, related_name="+")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return str(self.id)
