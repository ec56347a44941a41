"""Looking through the Spaces that one may open.

*Called by*: chat.views.spaces. *Keeps true*: one query; nothing in it that the member may not open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Lower

from workspace.models import Member, Space, SpaceKind, SpaceMember

SHOWN_MAX = 200


@dataclass(frozen=True)
class Found:
    spaces: Sequence[Space]
    has_more: bool
    archived_count: int


def find(member: Member, *, q: str = "", sort: str = "", archived: bool = False) -> Found:
    """Spaces whose name, topic or description holds the words; archived ones only when asked for."""
    visible = Space.objects.visible_to(member).filter(kind=SpaceKind.SPACE)
    wanted = visible.filter(archived_at__isnull=not archived)
    for word in q.replace("\x00", "").split()[:8]:
        wanted = wanted.filter(Q(name__icontains=word) | Q(topic__icontains=word) | Q(description__icontains=word))
    seats = SpaceMember.objects.filter(space=OuterRef("pk"))
    orders: dict[str, list[Any]] = {"members": ["-members_count", Lower("name")], "recent": ["-created_at"]}
    rows = wanted.select_related("created_by").annotate(
        members_count=Count("space_members", filter=Q(space_members__member__left_at=None)),
        joined=Exists(seats.filter(member=member)),
    )
    found = list(rows.order_by(*orders.get(sort, [Lower("name")]))[: SHOWN_MAX + 1])
    return Found(found[:SHOWN_MAX], len(found) > SHOWN_MAX, visible.exclude(archived_at=None).count())
