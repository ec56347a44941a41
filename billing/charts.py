"""Bars of a chart, measured here and drawn by a template as SVG.

*Called by*: chat.usage.tables. *Keeps true*: a drawing carries no style and no script, so that it stands under a strict
policy and takes its colours from the page; what it shows is told in a table too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1000
HEIGHT = 160
BARS_MOST = 93
# A few bars stand side by side instead of filling the room.
BARS_LEAST = 14
# A value that is there is seen, however small.
LEAST = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands from one day to another, and where."""

    first: date
    last: date
    amount_ucr: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    most_ucr: int
    days_a_bar: int
    width: int = WIDTH
    height: int = HEIGHT


def by_day(amounts: dict[date, int], first: date, last: date) -> Chart:
    """A bar for each day of the span, or for each week where there are too many."""
    count = (last - first).days + 1
    size = 1 if count <= BARS_MOST else 7
    spans = [
        (first + timedelta(days=n), min(first + timedelta(days=n + size - 1), last)) for n in range(0, count, size)
    ]
    sums = [
        sum(amounts.get(begin + timedelta(days=n), 0) for n in range((end - begin).days + 1)) for begin, end in spans
    ]
    most = max(sums, default=0)
    return Chart([_bar(n, len(spans), *span, sums[n], most) for n, span in enumerate(spans)], most, size)


def shares(amounts: Sequence[int]) -> list[float]:
    """Each amount in percent of the largest."""
    most = max(amounts, default=0)
    return [round(100 * amount / most, 1) if most else 0.0 for amount in amounts]


def _bar(number: int, count: int, first: date, last: date, amount_ucr: int, most_ucr: int) -> Bar:
    step = WIDTH / max(count, BARS_LEAST)
    gap = min(step * 0.2, 6)
    height = max(HEIGHT * amount_ucr / most_ucr, LEAST) if amount_ucr > 0 else 0
    place = (round(number * step + gap / 2, 2), round(HEIGHT - height, 2), round(step - gap, 2), round(height, 2))
    return Bar(first, last, amount_ucr, *place)
