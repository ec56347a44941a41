"""Making the archive that somebody asked for.

*Called by*: chat.passages.running. *Keeps true*: the right is asked for again before anything is read; where an owner
takes what they are not in, everybody is told before the first message is; a half-made archive is kept nowhere.
"""

import uuid
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from chat import directs, feed
from chat.files import store
from chat.models import Message, PassageKind
from chat.passages import telling
from chat.passages.hold import Hold
from chat.passages.parley import member_out, org_out
from workspace.errors import Forbidden
from workspace.models import Member, Role, Space, SpaceMember


def pack(held: Hold, archive: IO[bytes]) -> dict[str, Any]:
    """Fill the open file; returns what it holds, in numbers. Raises Forbidden for one who may no longer have it."""
    passage, tell = held.passage, held.tell
    member = Member.objects.present().filter(pk=passage.asked_by_id).select_related("org", "user").first()
    if member is None:
        raise Forbidden
    if passage.kind == PassageKind.MEMBER_OUT:
        return member_out.write(member, archive, tell)
    if member.role != Role.OWNER:
        raise Forbidden
    is_everything = passage.preview.get("is_everything") is True
    if is_everything:
        _tell_everybody(held, member)
    return org_out.write(
        member.org, spaces_of(member, is_everything=is_everything), archive, tell, is_everything=is_everything
    )


def keep(held: Hold, archive: IO[bytes]) -> None:
    """Put the finished archive where it can be fetched, under a key of this run; what an earlier one left goes."""
    before = held.passage.key
    held.name(store.new_key())
    store.drop([before] if before else [])
    archive.seek(0)
    store.put(held.passage.key, archive)


def spaces_of(owner: Member, *, is_everything: bool) -> list[Space]:
    """What the archive holds: public Spaces and those that the owner is in, or all."""
    found = Space.objects.filter(org_id=owner.org_id) if is_everything else Space.objects.visible_to(owner)
    return list(found.order_by("created_at", "pk"))


def _tell_everybody(held: Hold, owner: Member) -> None:
    """A direct message of the owner to each member: it is told as messages are, and stays where they can find it."""
    people = Member.objects.present().filter(org_id=owner.org_id).exclude(pk=owner.pk).select_related("user")
    ids = telling.ids(held.passage, people)
    told = set(Message.objects.filter(author=owner, client_id__in=ids).values_list("client_id", flat=True))
    for client_id, person in ids.items():
        if client_id not in told:
            _tell_one(held, owner, person, client_id)
        held.tell(0, 1)


@transaction.atomic
def _tell_one(held: Hold, owner: Member, person: Member, client_id: uuid.UUID) -> None:
    held.fence()
    language = person.user.language if person.user else ""
    with translation.override(language or settings.LANGUAGE_CODE):
        text = _(
            "I am taking an export out of this organization that holds everything: private Spaces and direct "
            "conversations too, also those that I am not in. Parley tells every member when an owner does that."
        )
    shown = SpaceMember.objects.filter(member=owner, is_hidden=False)
    before = set(shown.filter(space__kind="direct").values_list("space_id", flat=True))
    space = directs.open(owner, [person])
    feed.post(space, owner, text=text, client_id=client_id)
    if space.pk not in before:  # the owner's list stays as it was
        directs.hide(owner, space)
