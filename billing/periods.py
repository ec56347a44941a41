"""The periods of an organization's credits, and spans of days: from an instant to before another.

*Called by*: billing.statement, chat.views.usage. *Keeps true*: periods are those of the ledger: calendar months counted
from the account's anchor, in UTC; days are those of the reader's time zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.models import Account, Lot, Pool
from billing.plans import period_number, period_start
from billing.refusals import NoPool


@dataclass(frozen=True, slots=True)
class Period:
    starts_at: datetime
    ends_at: datetime

    @property
    def slug(self) -> str:
        """What its address is called: the day on which it began, in UTC."""
        return self.starts_at.astimezone(UTC).date().isoformat()

    @property
    def is_running(self) -> bool:
        return self.ends_at > timezone.now()


class Calendar:
    """All periods of one organization, from the one in which it first had credits. Raises NoPool."""

    def __init__(self, org_id: UUID) -> None:
        anchor = Account.objects.filter(org_id=org_id).values_list("anchor_at", flat=True).first()
        anchor = anchor or Pool.objects.filter(org_id=org_id).values_list("period_starts_at", flat=True).first()
        if anchor is None:
            raise NoPool
        self._anchor = anchor
        self.last = period_number(anchor, timezone.now())
        granted = Lot.objects.filter(org_id=org_id).order_by("effective_at").values_list("effective_at", flat=True)
        oldest = granted.first()
        self.first = min(period_number(anchor, oldest), self.last) if oldest else self.last

    def at(self, number: int) -> Period:
        return Period(period_start(self._anchor, number), period_start(self._anchor, number + 1))

    @property
    def current(self) -> Period:
        return self.at(self.last)

    def before(self, period: Period) -> Period | None:
        number = period_number(self._anchor, period.starts_at) - 1
        return self.at(number) if number >= self.first else None

    def after(self, period: Period) -> Period | None:
        number = period_number(self._anchor, period.starts_at) + 1
        return self.at(number) if number <= self.last else None

    def of_day(self, day: date) -> Period | None:
        """The period that begins on the day, or the one that the day is in; None outside of history."""
        # One may begin late on its day: the last instant of a day is in the period that began on it.
        number = period_number(self._anchor, datetime.combine(day, time.max, UTC))
        return self.at(number) if self.first <= number <= self.last else None

    def newest_first(self) -> list[Period]:
        return [self.at(number) for number in range(self.last, self.first - 1, -1)]


def days(first: date, last: date, zone: str) -> Period:
    """From the first instant of a day to the last of another."""
    where = ZoneInfo(zone)
    ends = datetime.combine(last + timedelta(days=1), time(), where)
    return Period(datetime.combine(first, time(), where), ends)
