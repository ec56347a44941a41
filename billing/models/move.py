"""A move: an amount that went from one bucket of a lot to another.

*Called by*: the audit; only the functions in ledger.sql write. *Keeps true*: rows are only ever added, and each
names both sides, so double entry holds by construction.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class MoveKind(models.TextChoices):
    GRANT = "grant", "Granted"
    HOLD = "hold", "Held"
    SPEND = "spend", "Spent"
    RELEASE = "release", "Released"
    EXPIRE = "expire", "Expired"
    REVOKE = "revoke", "Revoked"
    FREEZE = "freeze", "Frozen by a dispute"
    THAW = "thaw", "Freed after a dispute"
    OVERRUN = "overrun", "Spent beyond the hold"


class Bucket(models.TextChoices):
    ISSUED = "issued", "Issued"
    FREE = "free", "Free"
    HELD = "held", "Held"
    SPENT = "spent", "Spent"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    FROZEN = "frozen", "Frozen"


class Move(models.Model):
    org_id = models.UUIDField()
    lot = models.ForeignKey("billing.Lot", models.DO_NOTHING, related_name="moves", db_constraint=False, db_index=False)
    hold = models.ForeignKey(
        "billing.Hold", models.DO_NOTHING, related_name="moves", null=True, db_constraint=False, db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    kind = models.TextField(choices=MoveKind)
    src = models.TextField(choices=Bucket)
    dst = models.TextField(choices=Bucket)
    amount_ucr = models.BigIntegerField()

    class Meta:
        # What changed what an organization has, by time: a call leaves one entry, and setting aside none.
        indexes = [
            models.Index(fields=["org_id", "at"], condition=~Q(kind__in=["hold", "release"]), name="move_of_balance")
        ]
        # PostgreSQL reads a CHECK anew for every statement, so that hot tables have few and short ones; that kinds and
        # buckets are known ones is left to the audit.
        constraints = [
            models.CheckConstraint(condition=Q(amount_ucr__gt=0) & ~Q(src=F("dst")), name="move_moves_something")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_ucr}"
