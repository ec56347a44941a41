"""The Spaces of an export of Parley, made here with who is in them and what they remember.

*Called by*: chat.passages.parley.bring. *Keeps true*: a Space of an export is made once; one that is here keeps its
facts and its people; every Space has an owner with an account.
"""

import uuid
from typing import Any

from django.db import transaction

from chat import feed
from chat.models import Imported, Message, Note
from chat.passages import arrivals, rooms
from chat.passages.hold import Hold
from chat.passages.parley.crowd import Crowd
from chat.passages.parley.export import ID_MAX, Place
from chat.passages.people import Person
from chat.passages.report import Report
from chat.passages.values import text
from workspace import names, orgs
from workspace.errors import Invalid
from workspace.models import Member, Org, Space, SpaceKind, SpaceMember, SpaceRole

KIND = "space"


@transaction.atomic
def space_of(held: Hold, place: Place, crowd: Crowd, source: str, report: Report) -> Space | None:
    """The Space that an earlier import made, or a new one; None for a conversation of nobody."""
    org = orgs.lock(held.passage.org)
    held.fence()
    seen: dict[str, Any] = {"org": org, "source": source, "kind": KIND, "source_id": place.id}
    if row := Imported.objects.filter(**seen).first():
        if space := Space.objects.filter(org=org, pk=row.our_id).first():
            return space
    if place.kind == "direct":
        # Somebody of whom nothing is known takes part all the same: else it would become a conversation of others.
        members = [crowd.of(each) or crowd.member(Person(each, each)) for each, _role, _since in place.seats]
        if not members:
            return None
        space = rooms.direct(org, members, source=source, source_id=place.id)
    else:
        space = _make(org, held.passage.asked_by, place, crowd)
        report.counts["spaces"] += 1
    Imported.objects.update_or_create(**seen, defaults={"our_id": space.pk, "brought_by": held.passage.asked_by})
    return space


@transaction.atomic
def keep_notes(held: Hold, space: Space, place: Place, crowd: Crowd, source: str) -> None:
    """What the Space remembers, where it does not yet."""
    held.fence()
    org = space.org
    ids = {arrivals.id_of(org, source, "note", note.id): note for note in place.notes}
    here = set(Note.objects.filter(pk__in=ids).values_list("pk", flat=True))
    said = {
        pk: message_id(org, source, {"space": place.id, "message": note.message})
        for pk, note in ids.items()
        if note.message
    }
    messages = set(Message.objects.filter(space=space, pk__in=said.values()).values_list("pk", flat=True))
    for pk, note in ids.items():
        author, changer = crowd.of(note.author), crowd.of(note.changed_by)
        if pk in here or author is None:
            continue
        row = Note(pk=pk, org=org, space=space, author=author, text=note.text)
        row.message_id = said[pk] if said.get(pk) in messages else None
        row.changed_at, row.changed_by = (note.changed_at, changer) if changer else (None, None)
        row.save(force_insert=True)
        if note.created_at:
            Note.objects.filter(pk=pk).update(created_at=note.created_at)


def message_id(org: Org, source: str, named: dict[str, Any]) -> uuid.UUID:
    """Our id of the message of a Space of an export."""
    where, which = (text(named.get(part)).strip()[:ID_MAX] for part in ("space", "message"))
    return arrivals.id_of(org, source, "message", f"{where}\n{which}")


def _make(org: Org, importer: Member, place: Place, crowd: Crowd) -> Space:
    if place.archived_at is None:
        rooms.require_room(org)
    space = Space.objects.create(
        org=org,
        kind=SpaceKind.SPACE,
        name=_name(place.name),
        is_private=place.kind != "public",
        topic=place.topic,
        description=place.description,
        instructions=place.instructions,
        archived_at=place.archived_at,
    )
    if place.created_at:
        Space.objects.filter(pk=space.pk).update(created_at=place.created_at)
    _seat(space, place, importer, crowd)
    feed.advance(space, by=1)
    return space


def _seat(space: Space, place: Place, importer: Member, crowd: Crowd) -> None:
    seats = {member.pk: (member, role) for each, role, _at in place.seats if (member := crowd.of(each))}
    since = {member.pk: at for each, _role, at in place.seats if at and (member := crowd.of(each))}
    owners = [member for member, role in seats.values() if role == SpaceRole.OWNER]
    if not any(owner.user_id and owner.left_at is None and not owner.is_guest for owner in owners):
        seats[importer.pk] = (importer, SpaceRole.OWNER)
    rows = rooms.seat(space, seats)
    for row in rows:
        row.created_at = since.get(row.member_id, row.created_at)
    SpaceMember.objects.bulk_update(rows, ["created_at"])


def _name(name: str) -> str:
    try:
        return names.clean(name)
    except Invalid:
        return names.slug(name, fallback="space")
