"""Lists of people, a page at a time: of an organization, of a Space, and of whom one could add to it.

*Called by*: chat.views.people, chat.views.seats. *Keeps true*: a list costs the same however many people there are.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from workspace import access
from workspace.models import Member, Space, SpaceMember

PAGE = 100
# To pick from, before one searches.
ADDABLE_MAX = 50


@dataclass(frozen=True)
class Roster:
    """A page of people. `total`: how many there are on all of them."""

    rows: list[Any]
    total: int
    number: int = 1
    query: str = ""

    @property
    def has_more(self) -> bool:
        return self.number * PAGE < self.total

    @property
    def is_long(self) -> bool:
        """Whether one should be able to search it."""
        return bool(self.query) or len(self.rows) < self.total

    @property
    def left_out(self) -> int:
        return self.total - len(self.rows)

    @property
    def here(self) -> str:
        """What its address ends with."""
        return self._at(self.number)

    @property
    def before(self) -> str:
        return self._at(self.number - 1)

    @property
    def after(self) -> str:
        return self._at(self.number + 1)

    def _at(self, number: int) -> str:
        asked = {"q": self.query} if self.query else {}
        said = urlencode(asked | ({"page": str(number)} if number > 1 else {}))
        return f"?{said}" if said else ""


def of_org(member: Member, *, query: str = "", number: int = 1) -> Roster:
    """Those of the organization whom the member may know."""
    found = access.people(member).search(query).select_related("user")
    return _page(found.order_by("display_name", "pk"), query, number)


def of_space(space: Space, *, query: str = "", number: int = 1) -> Roster:
    """Seats of those who are in the Space."""
    found = SpaceMember.objects.filter(space=space, member__left_at=None).select_related("member__user")
    if query:
        found = found.filter(member__in=Member.objects.filter(org_id=space.org_id).search(query))
    return _page(found.order_by("member__display_name", "member_id"), query, number)


def addable(member: Member, space: Space, *, query: str = "") -> Roster:
    """The first of those who could be added to the Space; a search finds the others."""
    found = access.people(member).exclude(space_members__space=space).search(query)
    return Roster(list(found.order_by("display_name", "pk")[:ADDABLE_MAX]), found.count(), query=query)


def _page(found: QuerySet[Any], query: str, number: int) -> Roster:
    """The page, or the last where there are not so many."""
    total = found.count()
    number = max(1, min(number, -(-total // PAGE)))
    return Roster(list(found[(number - 1) * PAGE : number * PAGE]), total, number, query)
