"""The one door to a file for a person.

*Called by*: chat.views.files, chat.files.attachments. *Keeps true*: a file is opened by exactly those who can see a
message that shows it, and by its uploader while none does; what is denied is missing.
"""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from chat.models import Attachment, File
from workspace import access
from workspace.errors import NotFound, Suspended
from workspace.models import Member, Space


class Seen(NamedTuple):
    """A file, and the member through whom the person reaches it."""

    file: File
    member: Member


def file(user: access.Person, file_id: uuid.UUID | str) -> Seen:
    """Raises NotFound, Suspended."""
    row = File.objects.filter(pk=access.as_uuid(file_id)).select_related("org", "uploader").first()
    if row is None:
        raise NotFound
    member = next((each for each in access.memberships(user) if each.org_id == row.org_id), None)
    if member is None or not visible_to(member).filter(pk=row.pk).exists():
        raise NotFound
    if member.org.is_suspended:
        raise Suspended
    return Seen(row, member)


def visible_to(member: Member) -> QuerySet[File]:
    """Files that the member may open."""
    of_file = Attachment.objects.filter(file=OuterRef("pk"))
    is_seen = Exists(of_file.filter(message__deleted_at=None, message__space__in=Space.objects.visible_to(member)))
    is_own = Q(uploader=member) & ~Exists(of_file)
    return File.objects.filter(is_seen | is_own, org_id=member.org_id)


def uploads(member: Member, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """The ids, if all are files that the member brought here and may open. Raises NotFound.

    Somebody else's is missing, even one that the member sees: to show it elsewhere is to forward its message.
    """
    if visible_to(member).filter(pk__in=ids, uploader=member).count() != len(set(ids)):
        raise NotFound
    return list(dict.fromkeys(ids))


def shown_to(member: Member) -> QuerySet[Attachment]:
    """Every appearance of a file that the member may open, with its file and its message."""
    rows = Attachment.objects.filter(org_id=member.org_id, message__deleted_at=None)
    rows = rows.filter(message__space__in=Space.objects.visible_to(member))
    return rows.select_related("file", "message__author", "message__ai_model", "message__space")
