"""The credits of an organization: one pool, made of lots.

*Called by*: billing.ledger reads them; only the functions in ledger.sql write them. *Keeps true*: no bucket is
negative, and each lot's granted amount is always fully accounted for by its six buckets.
*Why* the cached sums on the pool: its row is the only lock, and the balance is read on every page.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least, Now
from django.db.models.lookups import GreaterThanOrEqual


class Pool(models.Model):
    org = models.OneToOneField("workspace.Org", models.PROTECT, primary_key=True, related_name="pool")
    free_ucr = models.BigIntegerField(db_default=0)
    held_ucr = models.BigIntegerField(db_default=0)
    # The earlier of the end of the period and the next expiry of a lot: until then a hold has nothing to tidy.
    due_at = models.DateTimeField()
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField()
    # What 100 % is for the alerts: credits at hand when the period began, and all that were granted in it.
    period_base_ucr = models.BigIntegerField(db_default=0)
    period_spent_ucr = models.BigIntegerField(db_default=0)
    alerted_percent = models.SmallIntegerField(db_default=0)
    is_capped = models.BooleanField(db_default=False)
    # What a member without a cap of their own may spend in a period; None for no such limit.
    member_cap_ucr = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Least("free_ucr", "held_ucr"), 0), name="pool_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"pool of {self.org_id}"


class LotKind(models.TextChoices):
    STARTER = "starter", "Starter credits"
    PLAN = "plan", "Plan credits"
    SEAT = "seat", "Seat credits"
    PROMO = "promo", "Promotional credits"
    TOPUP = "topup", "Top-up"
    ADJUST = "adjust", "Correction"


BUCKETS = ("free_ucr", "held_ucr", "spent_ucr", "expired_ucr", "revoked_ucr", "frozen_ucr")


class Lot(models.Model):
    org_id = models.UUIDField()
    kind = models.TextField(choices=LotKind)
    priority = models.SmallIntegerField()
    source_key = models.TextField()
    granted_ucr = models.BigIntegerField()
    free_ucr = models.BigIntegerField()
    held_ucr = models.BigIntegerField(db_default=0)
    spent_ucr = models.BigIntegerField(db_default=0)
    expired_ucr = models.BigIntegerField(db_default=0)
    revoked_ucr = models.BigIntegerField(db_default=0)
    # Not to be spent while its payment is disputed; what holds give back meanwhile is frozen too.
    frozen_ucr = models.BigIntegerField(db_default=0)
    is_frozen = models.BooleanField(db_default=False)
    # Still to be revoked when holds give it back: a refund found it spent or held.
    owed_ucr = models.BigIntegerField(db_default=0)
    # Set in passing once nothing is free or held any more: the burn order is read without going through old lots, and
    # the index depends on no column that a hold changes.
    is_drained = models.BooleanField(db_default=False)
    effective_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    paid_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, db_default="")
    note = models.CharField(max_length=200, db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["org_id", "is_drained", "priority", "expires_at", "id"], name="lot_burn_order"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source_key"], name="lot_granted_once"),
            models.CheckConstraint(condition=GreaterThanOrEqual(Least(*BUCKETS), 0), name="lot_not_negative"),
            models.CheckConstraint(
                condition=Q(
                    granted_ucr=F("free_ucr")
                    + F("held_ucr")
                    + F("spent_ucr")
                    + F("expired_ucr")
                    + F("revoked_ucr")
                    + F("frozen_ucr")
                ),
                name="lot_accounts_for_all",
            ),
        ]

    def __str__(self) -> str:
        return self.source_key
