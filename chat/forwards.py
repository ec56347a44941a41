"""Forwarding: what was said in one Space, quoted in another.

*Called by*: chat.views.forwards. *Keeps true*: one forwards what one sees to where one may write; whom the original
mentions is not called again; who reads the copy learns the author's name and, of public Spaces only, where it stood.
"""

import uuid

from django.utils.translation import gettext as _

from chat import feed, mentions
from chat.models import Message
from workspace import titles
from workspace.errors import Invalid
from workspace.models import Member, Space, SpaceMember, SpaceRole

PLACES_MAX = 500


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


def places(member: Member) -> list[Space]:
    """Where the member may write: Spaces joined, and public ones, then direct conversations, by name."""
    open_to = Space.objects.visible_to(member).filter(archived_at=None)
    read_only = SpaceMember.objects.filter(member=member, role=SpaceRole.VIEWER).values("space")
    found = titles.name_for(member, open_to.exclude(pk__in=read_only).order_by("name")[:PLACES_MAX])
    return sorted(found, key=lambda space: (space.is_direct, space.name.casefold()))


def quote(text: str) -> str:
    """The text as Markdown quotes it. Names in quoted lines call nobody (chat.mentions)."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
