"""A hold: credits set aside for one call, and from which lots.

*Called by*: billing.ledger. *Keeps true*: one hold for a call, ever; it closes once (settled or released, perhaps
after it was reaped). *Why* an amount of 0 is allowed: a free model, or an own provider key, is still one call.
"""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class HoldState(models.TextChoices):
    OPEN = "open", "Open"
    SETTLED = "settled", "Settled"
    RELEASED = "released", "Released"
    REAPED = "reaped", "Reaped"


class HoldQuerySet(models.QuerySet["Hold"]):
    def overdue(self, now: datetime) -> "HoldQuerySet":
        return self.filter(state=HoldState.OPEN, expires_at__lte=now)


class Hold(models.Model):
    org_id = models.UUIDField()
    # What is paid for, such as "reply:<uuid>". No foreign key: usage outlives what it paid for.
    call = models.TextField()
    member_id = models.UUIDField(null=True)
    space_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    # The price versions of the route, so that a price published meanwhile cannot change what was promised.
    prices = ArrayField(models.BigIntegerField())
    amount_ucr = models.BigIntegerField()
    max_output_tokens = models.BigIntegerField()
    state = models.TextField(choices=HoldState, db_default=HoldState.OPEN)
    charged_ucr = models.BigIntegerField(db_default=0)
    writeoff_ucr = models.BigIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["org_id", "expires_at"], condition=Q(state="open"), name="hold_open")]
        constraints = [
            models.UniqueConstraint(fields=["call"], name="hold_once_per_call"),
            models.CheckConstraint(condition=Q(amount_ucr__gte=0), name="hold_not_negative"),
        ]

    def __str__(self) -> str:
        return self.call

    @property
    def is_open(self) -> bool:
        return self.state == HoldState.OPEN


class HoldPart(models.Model):
    """What one lot gave to a hold. Foreign keys are left to the audit: only the ledger writes here."""

    pk = models.CompositePrimaryKey("hold_id", "seq")
    hold = models.ForeignKey(Hold, models.DO_NOTHING, related_name="parts", db_constraint=False, db_index=False)
    seq = models.SmallIntegerField()
    lot = models.ForeignKey("billing.Lot", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    amount_ucr = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_ucr__gt=0), name="holdpart_holds_something")]

    def __str__(self) -> str:
        return f"{self.amount_ucr} of lot {self.lot_id}"
