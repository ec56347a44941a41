"""What a direct conversation is called: the names of the others, so for each who looks something else.

*Called by*: access, and whoever lists Spaces. *Keeps true*: the name lives in memory only (a constraint of the table
refuses to store it); who is in a conversation is told to nobody but those who are in it.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from workspace.models import Member, Space, SpaceMember


def name_for(viewer: Member, spaces: Iterable[Space]) -> list[Space]:
    """The same Spaces, each direct conversation of the viewer's named. One query, or none."""
    found = list(spaces)
    directs = [space for space in found if space.is_direct]
    if not directs:
        return found
    people: dict[object, list[Member]] = {space.pk: [] for space in directs}
    seats = SpaceMember.objects.filter(space__in=directs, space__space_members__member=viewer)
    for seat in seats.select_related("member__user").order_by("member__display_name", "member_id"):
        people[seat.space_id].append(seat.member)
    for space in directs:
        others = [person for person in people[space.pk] if person.pk != viewer.pk]
        space._others = others  # type: ignore[attr-defined]
        space.name = ", ".join(person.display_name for person in others) or _title_of_notes(viewer)
    return found


def _title_of_notes(viewer: Member) -> str:
    return _("{name} (you)").format(name=viewer.display_name)
