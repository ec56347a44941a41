"""Where a member can go: favourites, own sections, the other Spaces, direct conversations.

*Called by*: chat.context, chat.views.sidebar. *Keeps true*: three queries, however many Spaces; each stands in one
place only; archived ones and those one has hidden are left out.
"""

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from chat.models import Draft
from workspace import titles
from workspace.models import Member, Section, SpaceKind, SpaceMember


@dataclass(frozen=True)
class Group:
    """A heading of the sidebar, and what is under it."""

    key: str
    section: Section | None = None
    seats: list[SpaceMember] = field(default_factory=list)


@dataclass(frozen=True)
class Sidebar:
    favourites: Group
    sections: list[Group]
    spaces: Group
    directs: Group


def of(member: Member) -> Sidebar:
    seats = SpaceMember.objects.filter(member=member, space__archived_at=None, is_hidden=False)
    written = Draft.objects.filter(member=member, space=OuterRef("space"), parent=None)
    seats = seats.annotate(has_draft=Exists(written))
    sections = {row.pk: Group(f"section-{row.pk}", row) for row in member.sections.order_by("position", "pk")}
    made = Sidebar(Group("favourites"), list(sections.values()), Group("spaces"), Group("directs"))
    found = list(seats.select_related("space").order_by(Lower("space__name"), "space__created_at"))
    titles.name_for(member, [seat.space for seat in found])
    for seat in found:
        _place(seat, made, sections).seats.append(seat)
    made.directs.seats.sort(key=lambda seat: seat.space.name.casefold())
    return made


def _place(seat: SpaceMember, made: Sidebar, sections: dict[int, Group]) -> Group:
    if seat.is_favourite:
        return made.favourites
    if seat.section_id in sections:
        return sections[seat.section_id]
    return made.directs if seat.space.kind == SpaceKind.DIRECT else made.spaces
