"""One organization on one plan, and its subscription at the payment provider if it has one.

*Called by*: billing.plans, billing.subscriptions, pages about the plan. *Keeps true*: an account says which period was
granted last, never how many credits; an organization has one subscription that has not ended. A subscription is a copy
of the provider's, taken when it was last read: nobody here decides what it is.
"""

from django.db import models
from django.db.models import F, Q

from billing.models.plan import Interval


class AccountQuerySet(models.QuerySet["Account"]):
    def due(self, now: object) -> "AccountQuerySet":
        """Those whose next period has begun, and whose credits come by the calendar rather than by an invoice."""
        return self.filter(grants_by_calendar=True, next_grant_at__lte=now)


class Account(models.Model):
    org = models.OneToOneField("workspace.Org", models.PROTECT, primary_key=True, related_name="account")
    plan = models.ForeignKey("billing.Plan", models.PROTECT, related_name="accounts")
    seats = models.PositiveIntegerField(default=1)
    anchor_at = models.DateTimeField()
    periods_granted = models.PositiveIntegerField(default=0)
    # How many numbers of periods were used up before the anchor was last moved: none is granted under twice.
    periods_before = models.PositiveIntegerField(default=0)
    next_grant_at = models.DateTimeField(db_index=True)
    # False once a payment provider runs the subscription: then a paid invoice grants the period.
    grants_by_calendar = models.BooleanField(default=True)
    # The customer at the payment provider, and the one currency that it may be charged in from the first payment on.
    customer_id = models.CharField(max_length=255, null=True, unique=True)
    currency = models.CharField(max_length=3, blank=True, default="")

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(next_grant_at__gte=F("anchor_at")), name="account_grants_after_anchor")
        ]

    def __str__(self) -> str:
        return f"{self.org_id} on {self.plan_id}"


class SubscriptionStatus(models.TextChoices):
    INCOMPLETE = "incomplete", "Not paid yet"
    TRIALING = "trialing", "On trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Past due"
    UNPAID = "unpaid", "Unpaid"
    PAUSED = "paused", "Paused"
    CANCELED = "canceled", "Ended"
    EXPIRED = "incomplete_expired", "Never paid"


class Subscription(models.Model):
    id = models.CharField(max_length=255, primary_key=True)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=20, choices=SubscriptionStatus)
    plan = models.ForeignKey("billing.Plan", models.PROTECT, related_name="+")
    interval = models.CharField(max_length=5, choices=Interval)
    currency = models.CharField(max_length=3)
    seats = models.PositiveIntegerField()
    # What its months are counted from; during a trial, the end of that.
    anchor_at = models.DateTimeField()
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField()
    trial_ends_at = models.DateTimeField(null=True)
    # When it ends by somebody's wish, and what it becomes at the end of the period.
    cancels_at = models.DateTimeField(null=True)
    next_plan = models.ForeignKey("billing.Plan", models.PROTECT, null=True, related_name="+")
    next_interval = models.CharField(max_length=5, choices=Interval, blank=True, default="")
    next_seats = models.PositiveIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    schedule_id = models.CharField(max_length=255, blank=True, default="")
    # What was paid last, and until when. A year that was paid is granted month by month.
    paid_invoice_id = models.CharField(max_length=255, blank=True, default="")
    paid_from = models.DateTimeField(null=True)
    paid_until = models.DateTimeField(null=True)
    # An older reading that comes late changes nothing.
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org"], condition=Q(ended_at=None), name="subscription_one_an_org")
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"
