"""How fast an organization spends, day by day in UTC, and what that comes to.

*Called by*: the page about limits, billing.alerts. *Keeps true*: it reads what calls were charged, through the index of
usage by time: four weeks of it, however old the organization is.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing import forecast, ledger
from billing.forecast import Forecast
from billing.models import UsageEvent


def of_org(org_id: UUID, *, balance: ledger.Balance | None = None, now: datetime | None = None) -> Forecast:
    """When the pool runs out at this pace."""
    now = (now or timezone.now()).astimezone(UTC)
    balance = balance or ledger.balance(org_id)
    spent = _by_day(org_id, now)
    days = [spent.get(now.date() - timedelta(days=ago), 0) for ago in range(forecast.DAYS_MOST, 0, -1)]
    return forecast.foretell(
        days,
        today=now.date(),
        spent_today_ucr=spent.get(now.date(), 0),
        free_ucr=balance.free_ucr,
        resets_on=balance.period_ends_at.astimezone(UTC).date(),
    )


def _by_day(org_id: UUID, now: datetime) -> dict[date, int]:
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=forecast.DAYS_MOST)
    rows = UsageEvent.objects.filter(org_id=org_id, at__gte=first, charge_ucr__gt=0)
    per_day = rows.annotate(day=TruncDate("at", tzinfo=UTC)).values_list("day").annotate(spent=Sum("charge_ucr"))
    return {day: int(spent) for day, spent in per_day}
