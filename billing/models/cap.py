"""A cap: what one member, Space or API key may spend in a period; who wants more asks. An alert: a threshold crossed.

*Called by*: billing.ledger, settings pages, the mailer of alerts. *Keeps true*: a cap counts the period of the pool;
an alert exists once a period and threshold, written in the transaction that crossed it.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Least, Now
from django.db.models.lookups import GreaterThanOrEqual


class CapScope(models.TextChoices):
    MEMBER = "member", "Member"
    SPACE = "space", "Space"
    KEY = "key", "API key"


class Cap(models.Model):
    org_id = models.UUIDField()
    scope = models.TextField(choices=CapScope)
    scope_id = models.UUIDField()
    limit_ucr = models.BigIntegerField()
    used_ucr = models.BigIntegerField(db_default=0)
    held_ucr = models.BigIntegerField(db_default=0)
    # Used and held when the limit was set: a limit that was set below that is no breach of it.
    outset_ucr = models.BigIntegerField(db_default=0)
    # Given on top, for this period alone.
    extra_ucr = models.BigIntegerField(db_default=0)
    # Made from the default for members, and changed with it; one that somebody set stays.
    is_default = models.BooleanField(db_default=False)
    # How far its member knows that it is used up; begins anew with the period and with another limit.
    seen_percent = models.SmallIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org_id", "scope_id", "scope"], name="cap_once"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Least("limit_ucr", "used_ucr", "held_ucr", "extra_ucr"), 0),
                name="cap_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"cap of {self.scope} {self.scope_id}"

    @property
    def most_ucr(self) -> int:
        """What may be spent in this period."""
        return self.limit_ucr + self.extra_ucr

    @property
    def left_ucr(self) -> int:
        return max(self.most_ucr - self.used_ucr - self.held_ucr, 0)


class Alert(models.Model):
    org_id = models.UUIDField()
    period_starts_at = models.DateTimeField()
    threshold_percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org_id", "period_starts_at", "threshold_percent"], name="alert_once")
        ]

    def __str__(self) -> str:
        return f"{self.threshold_percent} % of {self.org_id}"


class AlertReceipt(models.Model):
    """Whom an alert, a request or its answer is for: mailed once, shown until it was put away."""

    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="receipts")
    request = models.ForeignKey("billing.CapRequest", models.CASCADE, null=True, related_name="receipts")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    # When it left the house, or was found not to need to.
    mailed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "member"], name="alertreceipt_once"),
            models.UniqueConstraint(fields=["request", "member"], name="alertreceipt_once_a_request"),
            models.CheckConstraint(condition=Q(alert=None) ^ Q(request=None), name="alertreceipt_of_one_thing"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(mailed_at=None), name="alertreceipt_to_mail")]

    def __str__(self) -> str:
        return f"{self.alert_id or self.request_id} for {self.member_id}"


class CapRequest(models.Model):
    """Somebody asks for more room; an admin answers with one click."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    scope = models.TextField(choices=CapScope)
    scope_id = models.UUIDField()
    wanted_ucr = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    asked_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")
    # None while it is open, and when it was declined.
    given_ucr = models.BigIntegerField(null=True)
    # Whether what was given raised the limit, or was for that period alone.
    is_for_good = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "scope", "scope_id"], condition=Q(answered_at=None), name="caprequest_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id} asks for {self.scope} {self.scope_id}"
