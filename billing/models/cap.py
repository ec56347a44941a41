"""A cap: what one member, Space or API key may spend in a period. An alert: a threshold that was crossed.

*Called by*: billing.ledger, settings pages, the mailer of alerts. *Keeps true*: a cap counts the period of the pool;
an alert exists once a period and threshold, written in the transaction that crossed it.
"""

from django.db import models
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org_id", "scope_id", "scope"], name="cap_once"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Least("limit_ucr", "used_ucr", "held_ucr"), 0), name="cap_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"cap of {self.scope} {self.scope_id}"


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
