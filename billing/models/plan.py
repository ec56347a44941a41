"""What an organization has subscribed to: plans are rows, an account is one organization on one of them.

*Called by*: billing.plans, the pricing page. *Keeps true*: a NULL limit is no limit; `rank` orders the plans, so
that "which plan lifts this" is a query. An account says which period was granted last, never how many credits.
"""

from django.db import models
from django.db.models import F, Q

from billing.credits import UCR_PER_CREDIT


class PlanQuerySet(models.QuerySet["Plan"]):
    def lifting(self, limit: str, count: int) -> "PlanQuerySet":
        """Plans under which `count` is allowed, the cheapest first. `limit` names a column such as max_spaces."""
        return self.filter(Q(**{limit: None}) | Q(**{f"{limit}__gte": count})).order_by("rank")


class Plan(models.Model):
    slug = models.SlugField(max_length=20, primary_key=True)
    name = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField(unique=True)
    monthly_price_cents = models.PositiveIntegerField(null=True)
    seat_price_cents = models.PositiveIntegerField(null=True)
    monthly_grant_ucr = models.BigIntegerField(default=0)
    seat_grant_ucr = models.BigIntegerField(default=0)
    max_spaces = models.PositiveIntegerField(null=True)
    max_members = models.PositiveIntegerField(null=True)
    max_tool_servers = models.PositiveIntegerField(null=True)
    max_storage_mb = models.PositiveIntegerField(null=True)
    has_sso = models.BooleanField(default=False)
    has_audit_export = models.BooleanField(default=False)
    has_zero_retention = models.BooleanField(default=False)
    has_provider_allow_list = models.BooleanField(default=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(monthly_grant_ucr__gte=0) & Q(seat_grant_ucr__gte=0), name="plan_grants_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price_dollars(self) -> str:
        return _dollars(self.monthly_price_cents)

    @property
    def seat_dollars(self) -> str:
        return _dollars(self.seat_price_cents)

    @property
    def monthly_credits(self) -> int:
        return self.monthly_grant_ucr // UCR_PER_CREDIT

    @property
    def seat_credits(self) -> int:
        return self.seat_grant_ucr // UCR_PER_CREDIT

    @property
    def is_priced_on_request(self) -> bool:
        return self.monthly_price_cents is None

    def grant_ucr(self, seats: int) -> int:
        return self.monthly_grant_ucr + self.seat_grant_ucr * seats


class AccountQuerySet(models.QuerySet["Account"]):
    def due(self, now: object) -> "AccountQuerySet":
        """Those whose next period has begun, and whose credits come by the calendar rather than by an invoice."""
        return self.filter(grants_by_calendar=True, next_grant_at__lte=now)


class Account(models.Model):
    org = models.OneToOneField("workspace.Org", models.PROTECT, primary_key=True, related_name="account")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="accounts")
    seats = models.PositiveIntegerField(default=1)
    anchor_at = models.DateTimeField()
    periods_granted = models.PositiveIntegerField(default=0)
    next_grant_at = models.DateTimeField(db_index=True)
    # False once a payment provider runs the subscription: then a paid invoice grants the period.
    grants_by_calendar = models.BooleanField(default=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(next_grant_at__gte=F("anchor_at")), name="account_grants_after_anchor")
        ]

    def __str__(self) -> str:
        return f"{self.org_id} on {self.plan_id}"


def _dollars(cents: int | None) -> str:
    return "" if cents is None else f"{cents // 100:,}" + (f".{cents % 100:02}" if cents % 100 else "")
