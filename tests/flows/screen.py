"""What a browser knows of a Space, and the text of its answers: a twin of the page's own models.

*Called by*: the flows. *Keeps true*: it follows the public protocol (docs/socket.md) as space-state.js and live-text.js
do: apply the next revision, fetch what changed after a gap, ignore what is older. Offsets are those of String.length.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Screen:
    """`last` is the revision up to which everything is known."""

    last: int
    messages: dict[str, Json] = field(default_factory=dict)
    ahead: set[int] = field(default_factory=set)
    # What the Space says of itself; with the revision at which it said so.
    facts: Json = field(default_factory=dict)

    @classmethod
    def of_page(cls, revision: int, messages: list[Json], facts: Json | None = None) -> "Screen":
        return cls(revision, {str(message["id"]): message for message in messages}, facts=facts or {})

    @property
    def told(self) -> Json:
        """The facts without the revision, which counts what happens to messages too, and without how many members
        there are: that is told in a frame of its own, which has no revision."""
        return {name: value for name, value in self.facts.items() if name not in ("revision", "members")}

    @property
    def is_behind(self) -> bool:
        return bool(self.ahead)

    @property
    def shown(self) -> dict[str, tuple[int, str, str]]:
        """The feed: what stands in a thread only is not in it."""
        return self._of(lambda row: row["in_feed"])

    def thread(self, root: str) -> dict[str, tuple[int, str, str]]:
        """What a panel shows beside it: the root, and what stands under it."""
        return self._of(lambda row: root in (row["id"], row["parent"]))

    def _of(self, is_in: Callable[[Json], bool]) -> dict[str, tuple[int, str, str]]:
        # Text in the making is no revision: that there is some already is asked for when a row begins to grow.
        rows = {key: row for key, row in self.messages.items() if is_in(row)}
        return {
            key: (row["position"], row["state"], row["html"].replace(" data-begun", "")) for key, row in rows.items()
        }

    def frame(self, frame: Json) -> None:
        """Take a `message.changed` or a `space.changed`."""
        if frame["type"] == "space.changed":
            self._learn({name: value for name, value in frame.items() if name not in ("type", "space")})
        else:
            self._take([frame["message"]])
        if frame["revision"] > self.last:
            self.ahead.add(frame["revision"])
            self._reach(self.last)

    def changes(self, answer: Json) -> None:
        """Take all that changed since `last`."""
        assert not answer["reload"]
        self._learn(answer["space"])
        self._take(answer["messages"])
        self._reach(answer["revision"])

    def _take(self, messages: list[Json]) -> None:
        for message in messages:
            known = self.messages.get(str(message["id"]))
            if known is None or message["revision"] > known["revision"]:
                self.messages[str(message["id"])] = message

    def _learn(self, facts: Json) -> None:
        if facts["revision"] >= self.facts.get("revision", 0):
            self.facts = facts

    def _reach(self, revision: int) -> None:
        self.last = max(self.last, revision)
        while self.last + 1 in self.ahead:
            self.last += 1
        self.ahead = {seen for seen in self.ahead if seen > self.last}


@dataclass
class LiveText:
    """The text of one answer in the making, in UTF-16 as a browser counts it."""

    units: bytes = b""
    is_over: bool = False

    @property
    def length(self) -> int:
        return len(self.units) // 2

    @property
    def text(self) -> str:
        return self.units.decode("utf-16-le")

    def delta(self, at: int, text: str) -> bool:
        """False when text before `at` is missing."""
        if self.is_over or at > self.length:
            return self.is_over
        self.units += text.encode("utf-16-le")[2 * (self.length - at) :]
        return True

    def whole(self, answer: Json) -> None:
        """Take /replies/<id>/ of a text of one paragraph: all of it is the tail, until it has ended and is all HTML."""
        self.is_over = answer["state"] != "streaming"
        if self.is_over:
            return
        assert answer["covered"] == 0
        self.units = answer["tail"].encode("utf-16-le")
        assert self.length == answer["at"]
