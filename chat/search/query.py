"""What somebody typed into the search box, read.

*Called by*: chat.search.find, the page. *Keeps true*: any text means something: what is no filter is words; a filter
whose value means nothing is said in a sentence, never silently dropped.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from catalog.models import AIModel
from workspace import access
from workspace.models import Member, Space

LENGTH_MAX = 300
TERMS_MAX = 12
HAS = {"file": "file", "files": "file", "image": "image", "picture": "image", "link": "link", "pin": "pin"} | {
    "thread": "thread"
}
_PIECE = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?|(\S+))')
_MONTH = re.compile(r"(\d{4})-(\d{1,2})\Z")


@dataclass(frozen=True)
class Term:
    """Words to find: one, or several in this order."""

    words: str
    is_phrase: bool = False
    is_without: bool = False


@dataclass
class Query:
    """Terms and marks that all must be there; `marks` holds alternatives. Times are aware, `until` is exclusive."""

    text: str
    terms: list[Term] = field(default_factory=list)
    marks: list[list[str]] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(not term.is_without for term in self.terms) and not self.marks and not self.has_dates

    @property
    def has_dates(self) -> bool:
        return self.since is not None or self.until is not None


def read(text: str, member: Member, *, zone: ZoneInfo) -> Query:
    """Read the text as this member means it: `me`, names of Spaces and days are theirs."""
    text = " ".join(text.replace("\x00", " ").split())
    query = Query(text[:LENGTH_MAX])
    if len(text) > LENGTH_MAX:
        query.problems.append(_("Only the first {count} characters were read.").format(count=LENGTH_MAX))
    reader = _Reader(query, member, zone)
    for piece in _PIECE.finditer(query.text):
        reader.take(*piece.groups())
    return query


class _Reader:
    def __init__(self, query: Query, member: Member, zone: ZoneInfo) -> None:
        self._query, self._member, self._zone = query, member, zone
        self._filters: dict[str, Callable[[str], None]] = {
            "from": self._from,
            "in": self._in,
            "has": self._has,
            "is": self._has,
            "mentions": self._mentions,
            "before": self._before,
            "after": self._after,
            "on": self._on,
            "during": self._on,
        }

    def take(self, minus: str, name: str | None, quoted: str | None, plain: str | None) -> None:
        take = self._filters.get((name or "").lower())
        value = quoted if quoted is not None else plain or ""
        if take and value.strip():
            take(value.strip())
            return
        words = f"{name}:{value}" if name else value
        if any(char.isalnum() for char in words):
            if len(self._query.terms) < TERMS_MAX:
                self._query.terms.append(Term(words, is_phrase=quoted is not None, is_without=bool(minus)))
            elif len(self._query.terms) == TERMS_MAX:
                self._complain(_("Only the first {count} words were read.").format(count=TERMS_MAX))

    def _complain(self, sentence: str) -> None:
        if sentence not in self._query.problems:
            self._query.problems.append(sentence)

    def _from(self, value: str) -> None:
        if found := self._who(value):
            self._query.marks.append([f"\x01u{each}" for each in found])

    def _mentions(self, value: str) -> None:
        if value.lower() in ("here", "space"):
            self._query.marks.append([f"\x01m{value.lower()}"])
        elif found := self._who(value):
            self._query.marks.append([f"\x01m{each}" for each in found])

    def _who(self, value: str) -> list[str]:
        """Ids as the marks write them: members by id, models as a<id>."""
        word = value.lstrip("@").lower()
        if word == "me":
            return [str(self._member.pk)]
        people = access.acquaintances(self._member)
        found = [str(pk) for pk in people.filter(handle=word).values_list("pk", flat=True)]
        found += [f"a{pk}" for pk in AIModel.objects.filter(handle=word).values_list("pk", flat=True)]
        found = found or [str(pk) for pk in people.filter(display_name__iexact=word).values_list("pk", flat=True)]
        if not found:
            self._complain(_("There is nobody called “{name}” here.").format(name=value))
            self._query.marks.append(["\x01u-"])
        return found

    def _in(self, value: str) -> None:
        name = value.removeprefix("#")
        mine = Space.objects.visible_to(self._member).of_the_plan()
        found = [str(pk) for pk in mine.filter(name__iexact=name).values_list("pk", flat=True)[:50]]
        found = found or [str(pk) for pk in mine.filter(name__istartswith=name).values_list("pk", flat=True)[:50]]
        if not found:
            self._complain(_("There is no Space called “{name}” that you can open.").format(name=value))
        self._query.marks.append([f"\x01s{pk}" for pk in found] or ["\x01s-"])

    def _has(self, value: str) -> None:
        if what := HAS.get(value.lower()):
            self._query.marks.append([f"\x01h{what}"])
        else:
            known = ", ".join(dict.fromkeys(HAS.values()))
            self._complain(_("“has:” knows {known}.").format(known=known))

    def _before(self, value: str) -> None:
        if days := self._days(value):
            self._query.until = min(self._query.until or days[0], days[0])

    def _after(self, value: str) -> None:
        if days := self._days(value):
            self._query.since = max(self._query.since or days[1], days[1])

    def _on(self, value: str) -> None:
        if days := self._days(value):
            self._query.since = max(self._query.since or days[0], days[0])
            self._query.until = min(self._query.until or days[1], days[1])

    def _days(self, value: str) -> tuple[datetime, datetime] | None:
        """The first moment of a day or month, and the first after it, where the member lives."""
        today = datetime.now(self._zone).date()
        try:
            if month := _MONTH.match(value):
                first = date(int(month[1]), int(month[2]), 1)
                after = (first + timedelta(days=31)).replace(day=1)
            else:
                first = {"today": today, "yesterday": today - timedelta(days=1)}.get(value.lower()) or (
                    date.fromisoformat(value)
                )
                after = first + timedelta(days=1)
            return self._moment(first), self._moment(after)
        except (ValueError, OverflowError):
            self._complain(
                _("“{value}” is no day. Write it as 2026-11-20, 2026-11, today or yesterday.").format(value=value)
            )
            return None

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)
