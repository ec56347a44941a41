"""What the quick switcher chooses from: Spaces, and people to write to.

*Called by*: chat.views.switcher. *Keeps true*: nothing in it that the member may not open, nobody whom they may not
know; a bounded number of queries and of rows.
"""

from datetime import datetime
from typing import Any

from workspace import access, titles
from workspace.models import Member, Space, SpaceMember

SPACES_MAX = 1_000
PEOPLE_MAX = 1_000


def entries(member: Member) -> dict[str, list[dict[str, Any]]]:
    """Spaces by when one last looked, those not joined after them; then people by name."""
    seats = SpaceMember.objects.filter(member=member, space__archived_at=None).select_related("space")
    joined = sorted(seats, key=lambda seat: seat.visited_at or seat.created_at, reverse=True)[:SPACES_MAX]
    titles.name_for(member, [seat.space for seat in joined])
    here = {seat.space_id for seat in joined}
    rest = Space.objects.visible_to(member).of_the_plan().exclude(pk__in=here).order_by("name")[:SPACES_MAX]
    people = access.people(member).exclude(pk=member.pk).order_by("display_name", "pk")[:PEOPLE_MAX]
    return {
        "spaces": [_space(seat.space, seen_at=seat.visited_at) for seat in joined]
        + [_space(space, is_joined=False) for space in rest],
        "people": [{"id": each.pk, "name": each.display_name, "handle": each.handle} for each in people],
    }


def _space(space: Space, *, is_joined: bool = True, seen_at: datetime | None = None) -> dict[str, Any]:
    return {
        "id": space.pk,
        "name": space.name,
        "kind": space.look,
        "joined": is_joined,
        "seen_at": seen_at,
    }
