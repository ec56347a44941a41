"""Plans, what they allow and grant, and what they cost in each currency. They are rows: an operator may change them.

*Called by*: billing.plans, the pricing page. *Keeps true*: a NULL limit is no limit; `rank` orders the plans, so
that "which plan lifts this" is a query. A plan without prices costs nothing (Starter) or is agreed upon (on request).
"""

from django.db import models
from django.db.models import Q

from billing import money
from billing.credits import UCR_PER_CREDIT

LIST_CURRENCY = "usd"


class PlanQuerySet(models.QuerySet["Plan"]):
    def lifting(self, limit: str, count: int) -> "PlanQuerySet":
        """Plans under which `count` is allowed, the cheapest first. `limit` names a column such as max_spaces."""
        return self.filter(Q(**{limit: None}) | Q(**{f"{limit}__gte": count})).order_by("rank")


class Plan(models.Model):
    slug = models.SlugField(max_length=20, primary_key=True)
    name = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField(unique=True)
    is_on_request = models.BooleanField(default=False)
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
    def monthly_credits(self) -> int:
        return self.monthly_grant_ucr // UCR_PER_CREDIT

    @property
    def seat_credits(self) -> int:
        return self.seat_grant_ucr // UCR_PER_CREDIT

    @property
    def monthly(self) -> "PlanPrice | None":
        """What it costs a month in the currency of the list; None where it costs nothing or is agreed upon."""
        return self.price(Interval.MONTH, LIST_CURRENCY)

    def price(self, interval: str, currency: str) -> "PlanPrice | None":
        """Without a query where `prices` was prefetched."""
        return next(
            (each for each in self.prices.all() if (each.interval, each.currency) == (interval, currency)), None
        )

    def grant_ucr(self, seats: int) -> int:
        return self.monthly_grant_ucr + self.seat_grant_ucr * seats


class Interval(models.TextChoices):
    MONTH = "month", "Monthly"
    YEAR = "year", "Yearly"


class PlanPrice(models.Model):
    """What a plan costs for one interval in one currency, in its smallest unit: once, and each seat."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="prices")
    interval = models.CharField(max_length=5, choices=Interval)
    currency = models.CharField(max_length=3)
    base_minor = models.PositiveIntegerField()
    seat_minor = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "interval", "currency"], name="planprice_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.interval} {self.currency}"

    @property
    def base_text(self) -> str:
        return money.text(self.base_minor, self.currency)

    @property
    def seat_text(self) -> str:
        return money.text(self.seat_minor, self.currency)

    def total_minor(self, seats: int) -> int:
        return self.base_minor + self.seat_minor * seats
