"""Top-ups: packs of credits, what they cost, and each time somebody bought one.

*Called by*: billing.purchases, billing.recharges, the plan page. *Keeps true*: a purchase is one payment; of the
automatic ones an organization has at most one under way; what a payment brought is in the lot of its source key.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Pack(models.Model):
    slug = models.SlugField(max_length=20, primary_key=True)
    credits = models.PositiveIntegerField(unique=True)

    class Meta:
        ordering = ["credits"]

    def __str__(self) -> str:
        return self.slug

    def amount_minor(self, currency: str) -> int | None:
        """Without a query where `prices` was prefetched."""
        return next((each.amount_minor for each in self.prices.all() if each.currency == currency), None)


class PackPrice(models.Model):
    pack = models.ForeignKey(Pack, models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack", "currency"], name="packprice_once")]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.currency}"


class PurchaseState(models.TextChoices):
    OPEN = "open", "Under way"
    NEEDS_CARD = "needs_card", "Waits for the cardholder"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"


class Purchase(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="purchases")
    # No foreign key: what was bought outlives who bought it. None: bought by itself.
    member_id = models.UUIDField(null=True)
    pack = models.ForeignKey(Pack, models.PROTECT, related_name="+")
    is_automatic = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=PurchaseState, default=PurchaseState.OPEN)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    session_id = models.CharField(max_length=255, null=True, unique=True)
    payment_id = models.CharField(max_length=255, null=True, unique=True)
    refunded_minor = models.BigIntegerField(default=0)
    is_disputed = models.BooleanField(default=False)
    problem = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["org", "-created_at"], name="purchase_by_org")]
        constraints = [
            models.UniqueConstraint(
                fields=["org"],
                condition=Q(is_automatic=True, state__in=["open", "needs_card"]),
                name="recharge_one_under_way",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.state}"


class Recharge(models.Model):
    """When to buy a pack without being asked, and up to which sum a month, in the currency of the account."""

    org = models.OneToOneField("workspace.Org", models.PROTECT, primary_key=True, related_name="recharge")
    is_on = models.BooleanField(default=False)
    threshold_ucr = models.BigIntegerField()
    pack = models.ForeignKey(Pack, models.PROTECT, related_name="+")
    monthly_max_minor = models.PositiveIntegerField()
    failures = models.PositiveSmallIntegerField(default=0)
    # How many payments were tried: the next one's number makes it one payment, however often it is sent.
    tries = models.PositiveIntegerField(default=0)
    # Why it turned itself off.
    stopped_because = models.CharField(max_length=300, blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(threshold_ucr__gte=0), name="recharge_threshold_not_negative")
        ]

    def __str__(self) -> str:
        return f"recharge of {self.org_id}"
