"""Browsers that asked to be told while no page is open, and what is on its way to them.

*Called by*: chat.push. *Keeps true*: an endpoint is one person's at a time; a push row is what is still to be sent, and
is gone when it has arrived or is given up.
"""

import uuid

from django.db import models


class PushSubscription(models.Model):
    """One browser that asked to be told while its page is closed (RFC 8030, RFC 8291)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("workspace.User", models.CASCADE, related_name="push_subscriptions")
    # Of the sign-in that asked. Blank: that one is over, and nothing is told before the person signs in there again.
    session_key = models.CharField(max_length=40, db_index=True)
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    device = models.CharField(max_length=120, blank=True)
    # Of the page that asked: for whom has chosen none.
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.id)


class Push(models.Model):
    """One notice on its way to one browser; without a notice: the test that somebody asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(PushSubscription, models.CASCADE, related_name="pushes")
    notice = models.ForeignKey("chat.Notice", models.CASCADE, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # Not before this; whoever takes it up puts it off by a lease.
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "notice"], name="push_once")]
        indexes = [models.Index(fields=["due_at"], name="push_due")]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.subscription_id}"
