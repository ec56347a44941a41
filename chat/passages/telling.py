"""The message by which each member is told that an owner takes everything out.

*Called by*: chat.passages.packing, chat.deletions, chat.edits. *Keeps true*: one a member and export, known by an id
that is made of both; nobody changes or deletes it, least of all who had to send it.
"""

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _

from chat.models import Message, Passage, PassageKind
from workspace.errors import Forbidden
from workspace.models import Member, SpaceKind, SpaceMember


def ids(passage: Passage, people: Iterable[Member]) -> dict[uuid.UUID, Member]:
    """The `client_id` of what each of them is told."""
    return {_id(passage.pk, person.pk): person for person in people}


def require_free(message: Message) -> None:
    """Raises Forbidden for a message that tells of an export of everything."""
    # Browsers make ids of version 4: of an ordinary message nothing is asked.
    if message.client_id.version != 5 or message.space.kind != SpaceKind.DIRECT or message.author_id is None:
        return
    exports = Passage.objects.filter(asked_by_id=message.author_id, kind=PassageKind.ORG_OUT)
    made = exports.filter(preview__is_everything=True).values_list("pk", flat=True)
    told = SpaceMember.objects.filter(space_id=message.space_id).values_list("member_id", flat=True)
    if message.client_id in {_id(passage_id, member_id) for passage_id in made for member_id in list(told)}:
        raise Forbidden(_("This message tells that everything was exported. It stays as it is."))


def _id(passage_id: uuid.UUID, member_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(passage_id, member_id.hex)
