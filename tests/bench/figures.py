"""What a benchmark says: figures, each with its unit and, where there is one, what it must reach.

*Called by*: every benchmark here; `__main__.py` prints them. *Keeps true*: a figure without a target is never "met".
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One number. `target` is the most that it may be, or the least where `is_floor`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    is_floor: bool = False

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.is_floor else self.value <= self.target

    def as_json(self) -> dict[str, Any]:
        """As printed. A value that could not be measured is null, because JSON knows no NaN."""
        value = self.value if math.isfinite(self.value) else None
        return {"name": self.name, "value": value, "unit": self.unit, "target": self.target, "met": self.met}


def of_times(
    name: str, seconds: Iterable[float], *, p50: float | None = None, p95: float | None = None
) -> list[Figure]:
    """The median and the 95th percentile in milliseconds, with the most that each may be."""
    found = sorted(seconds)
    sized = f"{name} (n={len(found)})"
    return [
        Figure(f"{sized}, p50", tidy(percentile(found, 50) * 1000), "ms", p50),
        Figure(f"{sized}, p95", tidy(percentile(found, 95) * 1000), "ms", p95),
    ]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a sorted sequence; NaN of an empty one, so that it can meet no target."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def tidy(value: float) -> float:
    """Three significant digits: more would be noise."""
    if not math.isfinite(value) or value == 0:
        return value
    return round(value, max(2 - math.floor(math.log10(abs(value))), 0))
