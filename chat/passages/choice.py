"""What of an archive somebody chooses, however much it holds.

*Called by*: chat.views.passages. *Keeps true*: a page shows the first of each kind, and the rest of a kind as one line
that stands for all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

SHOWN_MAX = 200


@dataclass(frozen=True)
class Group:
    """`rows` are shown one by one; `rest` is how many of the kind follow."""

    kind: str
    rows: list[dict[str, Any]]
    rest: int


def groups(preview: dict[str, Any]) -> list[Group]:
    by_kind: dict[str, list[dict[str, Any]]] = {"public": [], "private": [], "direct": []}
    for row in preview.get("channels", []):
        by_kind[row["kind"]].append(row)
    return [Group(kind, rows[:SHOWN_MAX], max(0, len(rows) - SHOWN_MAX)) for kind, rows in by_kind.items() if rows]


def ids(preview: dict[str, Any], *, named: Collection[str], rest_of: Collection[str]) -> list[str]:
    """Those that were named, and all that follow the shown ones of these kinds."""
    shown = {row["id"] for group in groups(preview) for row in group.rows}
    follow = [row["id"] for row in preview.get("channels", []) if row["id"] not in shown and row["kind"] in rest_of]
    return [*named, *follow]
