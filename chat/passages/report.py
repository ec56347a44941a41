"""What an import found or did. *Called by*: chat.passages.slack, chat.passages.parley."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PROBLEMS_MAX = 200


@dataclass
class Report:
    """What was found or done, in numbers, and what was left out, in sentences."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.counts,
            "problems": self.problems[:PROBLEMS_MAX],
            "more_problems": max(0, len(self.problems) - PROBLEMS_MAX),
        }
