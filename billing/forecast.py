"""The day on which the credits run out at this pace. Pure: numbers in, a day out, no clock and no database.

*Called by*: billing.alerts, the page about limits. *Keeps true*: nothing is foretold from less than three days of use,
and whole micro-credits are compared, never fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAYS_LEAST = 3
WEEK = 7
# From two weeks on, Mondays are foretold from Mondays.
DAYS_OF_WEEKS = 2 * WEEK
DAYS_MOST = 4 * WEEK


class Outlook(StrEnum):
    ENDS = "ends"  # on the day that the forecast names
    LASTS = "lasts"  # until the period is over
    UNKNOWN = "unknown"  # too little use to tell


@dataclass(frozen=True, slots=True)
class Forecast:
    outlook: Outlook
    day: date | None = None


def foretell(
    daily_ucr: Sequence[int], *, today: date, spent_today_ucr: int, free_ucr: int, resets_on: date
) -> Forecast:
    """When `free_ucr` is used up, if it goes on like this.

    `daily_ucr` is what was spent on each whole day before today, the oldest first; days before the first use, and those
    more than four weeks ago, do not count. With n days that count:

        n < 3         nothing is foretold
        3 <= n < 14   pace(any day) = sum of the last min(n, 7) days / min(n, 7)
        n >= 14       pace(weekday) = sum of that weekday in the last k whole weeks / k,  k = n // 7

    Today still takes max(pace(today) - spent today, 0), and every later day its whole pace. The credits end on the
    first day before `resets_on` on which these add up to `free_ucr`; without such a day they last.
    """
    if free_ucr <= 0:
        return Forecast(Outlook.ENDS, today)
    known = _known(daily_ucr)
    if len(known) < DAYS_LEAST:
        return Forecast(Outlook.UNKNOWN)
    sums, over = _paces(known, today)
    # Everything is multiplied by `over`, the number of days or weeks behind a pace, instead of dividing by it.
    left = free_ucr * over
    day, due = today, max(sums[today.weekday()] - spent_today_ucr * over, 0)
    while day < resets_on:
        if due and due >= left:
            return Forecast(Outlook.ENDS, day)
        left -= due
        day += timedelta(days=1)
        due = sums[day.weekday()]
    return Forecast(Outlook.LASTS)


def _known(daily_ucr: Sequence[int]) -> list[int]:
    """From the first use on, four weeks at most."""
    lately = list(daily_ucr[-DAYS_MOST:])
    first = next((place for place, spent in enumerate(lately) if spent > 0), len(lately))
    return lately[first:]


def _paces(known: list[int], today: date) -> tuple[list[int], int]:
    """What belongs to each weekday, Monday first, and by how many it is to be divided."""
    if len(known) < DAYS_OF_WEEKS:
        days = known[-WEEK:]
        return [sum(days)] * WEEK, len(days)
    weeks = len(known) // WEEK
    sums = [0] * WEEK
    for ago, spent in enumerate(reversed(known[-weeks * WEEK :]), start=1):
        sums[(today - timedelta(days=ago)).weekday()] += spent
    return sums, weeks
