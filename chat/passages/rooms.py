"""Spaces for what comes from elsewhere, and who may be in them.

*Called by*: chat.passages.slack.bring, chat.passages.parley.places. *Keeps true*: an import gives nobody who left, and
no guest, a seat, and adds nothing to what somebody else brought and its maker cannot open; a conversation that is
brought stands apart from what the same people say here.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from billing import plans
from chat.models import Imported
from workspace.languages import fill
from workspace.models import Member, Org, Space, SpaceKind, SpaceMember, SpaceRole


def direct(org: Org, members: Iterable[Member], *, source: str, source_id: str) -> Space:
    """A conversation of its own, apart from what the same people say here: an archive may hold what nobody said."""
    key = hashlib.sha256(f"{source}\n{source_id}".encode()).hexdigest()
    space = Space.objects.create(org=org, kind=SpaceKind.DIRECT, name="", is_private=True, direct_key=key)
    seat(space, {member.pk: (member, SpaceRole.EDITOR) for member in members}, is_hidden=True)
    return space


def seat(space: Space, roles: Mapping[uuid.UUID, tuple[Member, str]], *, is_hidden: bool = False) -> list[SpaceMember]:
    """Seats for those who are here, and for names that somebody may take over; of those with an account who left gets
    none, and a guest only what somebody adds them to."""
    return SpaceMember.objects.bulk_create(
        SpaceMember(org_id=space.org_id, space=space, member=member, role=role, is_hidden=is_hidden)
        for member, role in roles.values()
        if member.user_id is None or (member.left_at is None and not member.is_guest)
    )


def closed_to(importer: Member, source: str, kind: str) -> set[str]:
    """The source's ids of Spaces that are not this importer's to add to: brought by somebody else, and not open to
    them. What is written into one by a later import stands there under other people's names."""
    rows = Imported.objects.filter(org_id=importer.org_id, source=source, kind=kind).exclude(brought_by=importer)
    brought = dict(rows.values_list("source_id", "our_id"))
    here = set(Space.objects.filter(org_id=importer.org_id, pk__in=brought.values()).values_list("pk", flat=True))
    open_here = set(Space.objects.visible_to(importer).filter(pk__in=here).values_list("pk", flat=True))
    return {source_id for source_id, our_id in brought.items() if our_id in here - open_here}


def closed_sentence(name: str) -> str:
    words = _("“{name}” was brought by somebody else, and only those who can open it may add to it. It is left out.")
    return fill(words, {"name": name})


def require_room(org: Org) -> None:
    """For one Space more. Raises PlanLimit."""
    here = Space.objects.filter(org=org, archived_at=None).of_the_plan().count()
    plans.require_room_for_space(org, here + 1)
