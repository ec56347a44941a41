"""Forwarding: what was said in one Space, quoted in another, or to a person.

*Called by*: chat.views.forwards. *Keeps true*: one forwards what one sees to where one may write; whom the original
mentions is not called again; who reads the copy learns the author's name, not where it stood: no Space is named.
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery
from django.utils.translation import gettext as _

from chat import directs, feed, mentions, profiles
from chat.models import Message
from workspace import access, titles
from workspace.errors import Invalid
from workspace.models import Member, Space, SpaceKind, SpaceMember

PLACES_MAX = 500
PEOPLE_MAX = 1_000


def forward(member: Member, message: Message, space: Space, *, note: str, client_id: uuid.UUID) -> list[Message]:
    """Post a copy with a note of one's own above it. The same client_id again returns what the first made.

    Raises Deleted, Invalid, TooLong, Archived, ReadOnly.
    """
    if message.is_deleted:
        raise feed.Deleted
    if message.is_by_ai_model and not message.reply.is_done:
        raise Invalid(_("This answer is still being written. Forward it when it is done."))
    files = list(message.attachments.values_list("file_id", flat=True))
    if not message.text and not files:
        raise Invalid(_("There is nothing in this message to forward."))
    said = [feed.clean(note)] if note.strip() else []
    said += [quote(mentions.source(message))] if message.text else []
    return feed.post(space, member, text="\n\n".join(said), client_id=client_id, files=files, forwarded_from=message)


@transaction.atomic
def forward_to(member: Member, message: Message, person: Member, *, note: str, client_id: uuid.UUID) -> list[Message]:
    """Forward into the conversation with somebody, which begins by it where there is none."""
    space = directs.open(member, [person])
    return forward(member, message, space, note=note, client_id=client_id)


def places(member: Member) -> list[Space]:
    """Where the member may write, where they last were first. A conversation of two stands among the people."""
    seat = SpaceMember.objects.filter(space=OuterRef("pk"), member=member)
    found = Space.objects.writable_by(member).annotate(visited_at=Subquery(seat.values("visited_at")[:1]))
    found = found.annotate(size=Count("space_members")).exclude(kind=SpaceKind.DIRECT, size__lte=2)
    return titles.name_for(member, found.order_by(F("visited_at").desc(nulls_last=True), "name")[:PLACES_MAX])


def people(member: Member) -> list[Member]:
    """To whom the member may write, themselves too: those are notes."""
    return list(access.people(member).order_by("display_name", "pk")[:PEOPLE_MAX])


def as_json(member: Member) -> dict[str, Any]:
    spaces = [{"id": space.pk, "name": space.name, "kind": space.look} for space in places(member)]
    return {"spaces": spaces, "people": [profiles.as_json(person) for person in people(member)]}


def quote(text: str) -> str:
    """The text as Markdown quotes it. Names in quoted lines call nobody (chat.mentions)."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
