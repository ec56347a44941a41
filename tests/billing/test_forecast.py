"""The day on which the credits run out: known vectors, and what is not foretold."""

from datetime import date, timedelta

import pytest

from billing.forecast import Forecast, Outlook, foretell

# A Monday.
TODAY = date(2026, 11, 16)
RESET = date(2026, 12, 1)
UNKNOWN, LASTS = Forecast(Outlook.UNKNOWN), Forecast(Outlook.LASTS)


def ends(day: date) -> Forecast:
    return Forecast(Outlook.ENDS, day)


def told(daily: list[int], free: int, spent_today: int = 0, resets_on: date = RESET) -> Forecast:
    return foretell(daily, today=TODAY, spent_today_ucr=spent_today, free_ucr=free, resets_on=resets_on)


@pytest.mark.parametrize(
    ("daily", "free", "spent_today", "expected"),
    [
        # Ten a day, nothing today yet: today, tomorrow, and it ends on the third day.
        ([10, 10, 10], 30, 0, ends(date(2026, 11, 18))),
        ([10, 10, 10], 31, 0, ends(date(2026, 11, 19))),
        # Today's ten are spent already, so that thirty last until Thursday.
        ([10, 10, 10], 30, 10, ends(date(2026, 11, 19))),
        # More than usual was spent today: it is not expected a second time, nor given back.
        ([10, 10, 10], 30, 25, ends(date(2026, 11, 19))),
        # A pace of 10/3 a day: 10 are gone on the third day, exactly.
        ([10, 0, 0], 10, 0, ends(date(2026, 11, 18))),
        ([10, 0, 0], 11, 0, ends(date(2026, 11, 19))),
        # Only the last seven of ten days count.
        ([700, 700, 700, 7, 7, 7, 7, 7, 7, 7], 14, 0, ends(date(2026, 11, 17))),
        # The last day before the reset, and the reset itself.
        ([10, 10, 10], 150, 0, ends(date(2026, 11, 30))),
        ([10, 10, 10], 151, 0, LASTS),
        ([10, 10, 10], 0, 0, ends(TODAY)),
        ([0, 0, 0, 0], 30, 0, UNKNOWN),
        ([0, 0, 10, 10], 30, 0, UNKNOWN),
        ([], 30, 5, UNKNOWN),
    ],
)
def test_the_day_is_foretold_from_the_last_days(
    daily: list[int], free: int, spent_today: int, expected: Forecast
) -> None:
    assert told(daily, free, spent_today) == expected


def test_from_two_weeks_on_each_weekday_has_its_own_pace() -> None:
    # Five working days of 10 and a quiet weekend, twice, up to yesterday, a Sunday.
    daily = [10, 10, 10, 10, 10, 0, 0] * 2

    # Monday to Friday take 50; Saturday and Sunday nothing; the 51st is spent on the Monday after.
    assert told(daily, 50) == ends(date(2026, 11, 20))
    assert told(daily, 51) == ends(date(2026, 11, 23))


def test_what_is_longer_ago_than_four_weeks_does_not_count() -> None:
    assert told([10**9] * 7 + [10] * 28, 30) == ends(date(2026, 11, 18))


def test_nothing_is_lost_to_rounding_at_the_largest_amounts() -> None:
    most = 2**62

    assert told([1, 1, 1], most, resets_on=TODAY + timedelta(days=30)) == LASTS
    assert told([most, 0, 0], most) == ends(date(2026, 11, 18))
