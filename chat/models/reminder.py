"""A promise to remind somebody. *Called by*: chat.reminders."""

import uuid

from django.db import models
from django.db.models import Q


class Reminder(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="reminders")
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="+")
    # Who asked for it: the member, or somebody who wanted them to be reminded.
    asked_by = models.ForeignKey("workspace.Member", models.CASCADE, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, null=True, related_name="+")
    text = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="reminder_due"),
            models.Index(fields=["member", "due_at"], condition=Q(done_at=None), name="reminder_of_member"),
        ]

    @property
    def about(self) -> str:
        """Of what: its own words, or the beginning of the message."""
        return self.text or (self.message.excerpt if self.message else "")

    def __str__(self) -> str:
        return str(self.id)
