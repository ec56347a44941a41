"""The one door to a message, and to a model's answer, for a person.

*Called by*: views of what one does with a message. *Keeps true*: a message is reached through the Space that shows it,
so one that one may not see is missing, in the same words.
"""

import uuid
from typing import NamedTuple

from chat.models import Message, Reply
from workspace import access
from workspace.access import Person
from workspace.errors import NotFound
from workspace.models import Member, Space


class Sight(NamedTuple):
    """A message, its Space, and the member through whom the person sees it."""

    message: Message
    space: Space
    member: Member


def message(user: Person, message_id: uuid.UUID | str) -> Sight:
    """Raises NotFound, Suspended."""
    found = Message.objects.for_page().filter(pk=access.as_uuid(message_id)).first()
    if found is None:
        raise NotFound
    space, member = access.seat(user, found.space_id)
    found.space = space
    return Sight(found, space, member)


def reply(user: Person, reply_id: uuid.UUID | str) -> tuple[Reply, Member]:
    """An answer with its message, and the member through whom the person sees it. Raises NotFound, Suspended."""
    found = Reply.objects.select_related("message", "space").filter(pk=access.as_uuid(reply_id)).first()
    if found is None:
        raise NotFound
    return found, access.seat(user, found.space_id).member
