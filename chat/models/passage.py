"""What is brought in from elsewhere and taken out: a Slack export, Parley's own.

*Called by*: chat.passages. *Keeps true*: a thing of a source is brought in once an organization, however often.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PassageKind(models.TextChoices):
    SLACK_IN = "slack_in", _("Import from Slack")
    PARLEY_IN = "parley_in", _("Import from Parley")
    ORG_OUT = "org_out", _("Export of the organization")
    MEMBER_OUT = "member_out", _("Export of one's own data")


class PassageState(models.TextChoices):
    READING = "reading", _("Being read")
    READY = "ready", _("Ready to begin")
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class Passage(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    asked_by = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PassageKind)
    state = models.CharField(max_length=8, choices=PassageState)
    # Where the storage keeps the archive that was given or made.
    key = models.CharField(max_length=100, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    # What was found before it began; how far it is; what came of it.
    preview = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    # One more each time that a worker takes it: who has an older one writes nothing more.
    fence = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org"],
                name="passage_one_under_way",
                condition=Q(state__in=["reading", "queued", "running"]) & ~Q(kind="member_out"),
            )
        ]
        indexes = [models.Index(fields=["org", "-created_at"], name="passage_by_org")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Imported(models.Model):
    """Which of our rows a thing of a source became."""

    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    # Such as "slack:T024BE7LD": the team that it came from.
    source = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=200)
    our_id = models.UUIDField()
    # Of a Space: whose import made it.
    brought_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "source", "kind", "source_id"], name="imported_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.source_id}"
