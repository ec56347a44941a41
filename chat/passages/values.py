"""Values of an archive that anybody may have written: each has the type it should have, or is nothing.

*Called by*: chat.passages.slack, chat.passages.parley. *Keeps true*: nothing here raises, whatever it is given.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

WHOLE_MAX = 2**31 - 1


def text(value: Any) -> str:
    """The value where it is a text that can be stored, else nothing."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()


def inside(value: Any) -> dict[str, Any]:
    """The object, or an empty one of anything else."""
    return value if isinstance(value, dict) else {}


def whole(value: Any) -> int:
    """The whole number, or 0 of anything else."""
    return value if isinstance(value, int) else 0


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; nothing of anything else."""
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def line(value: Any, most: int) -> str:
    """The text on one line, at most so long."""
    return " ".join(text(value).split())[:most]


def texts(value: Any) -> list[str]:
    """The texts of a list; nothing of anything else."""
    return [each for each in map(text, value) if each] if isinstance(value, list) else []


def count(value: Any) -> int | None:
    """A whole number that a column holds, or None."""
    return value if type(value) is int and 0 <= value <= WHOLE_MAX else None


def moment(value: Any) -> datetime | None:
    """A moment written as ISO 8601, none of the future: what is dated later was written by now."""
    try:
        found = datetime.fromisoformat(value)
        known = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(known, datetime.now(UTC)) if known.year >= 1970 else None
