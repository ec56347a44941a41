"""Taking a file in: named, told apart, counted, kept.

*Called by*: chat.views.files, chat.views.messages. *Keeps true*: the row comes first, under the organization's lock, so
that two at once cannot both take the last room and no bytes lie anywhere that no row knows; a file that could not be
kept leaves neither.
"""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import plans
from chat.files import access, attachments, excerpts, kinds, names, shapes, store
from chat.models import File, FileKind, FileState
from workspace import orgs, spaces
from workspace.errors import Invalid, Refused
from workspace.models import Member, Org, Space

RATE_MINUTES = 10
RATE_MAX = 120
_PREPARED = {FileKind.IMAGE, FileKind.PDF}


class TooLarge(Invalid):
    code = "file_too_large"
    status = 413


class TooFast(Refused):
    code = "too_many_files"
    status = 429


def take(member: Member, space: Space, upload: Any) -> File:
    """Keep an uploaded file (Django's UploadedFile) for a message that is still to be written.

    Raises Invalid, TooLarge, TooFast, PlanLimit, Archived, ReadOnly.
    """
    spaces.require_writer(member, space)
    if upload.size > settings.FILE_MAX_BYTES:
        raise TooLarge(too_large())
    if not upload.size:
        raise Invalid(_("The file is empty. There is nothing in it to share."))
    return _keep(_describe(member.org, member, upload), upload, is_paced=True)


def bring(org: Org, uploader: Member | None, upload: Any, *, pk: uuid.UUID) -> File:
    """Keep a file that an import brings, under the id that it has for ever; the one that is here already, if it is.

    Told apart, counted and prepared as any other; only the pace is free. Raises Invalid, TooLarge, PlanLimit.
    """
    if here := File.objects.filter(org=org, pk=pk).first():
        return here
    if upload.size > settings.FILE_MAX_BYTES:
        raise TooLarge(too_large())
    row = _describe(org, uploader, upload)
    row.pk = pk
    return _keep(row, upload, is_paced=False)


def of_form(member: Member, space: Space, *, ids: Sequence[uuid.UUID], uploads: Sequence[Any]) -> list[uuid.UUID]:
    """The files that a form names, and those that came with it: all or none. Raises NotFound too."""
    if len(ids) + len(uploads) > attachments.COUNT_MAX:
        raise attachments.too_many()
    return [*access.uploads(member, ids), *_take_all(member, space, uploads)] if ids or uploads else []


def _take_all(member: Member, space: Space, uploads: Sequence[Any]) -> list[uuid.UUID]:
    taken: list[uuid.UUID] = []
    try:
        for upload in uploads:
            taken.append(take(member, space, upload).pk)
    except Refused:
        attachments.let_go(taken)
        raise
    return taken


def too_large() -> str:
    megabytes = settings.FILE_MAX_BYTES // plans.BYTES_PER_MB
    return _("The file is too large: at most {count} MB fit in one.").format(count=f"{megabytes:,}")


def stored_bytes(org: Org) -> int:
    """What the files of an organization weigh."""
    return File.objects.filter(org=org).aggregate(sum=Sum("size_bytes"))["sum"] or 0


def _keep(row: File, upload: Any, *, is_paced: bool) -> File:
    _enter(row, is_paced=is_paced)
    try:
        store.put(row.key, upload)
    except BaseException:
        File.objects.filter(pk=row.pk).delete()
        store.drop([row.key])
        raise
    if row.is_waiting:
        from chat import tasks

        transaction.on_commit(lambda: tasks.wake_workshop([row.pk]))
    return row


@transaction.atomic
def _enter(row: File, *, is_paced: bool) -> None:
    """Write the row if the plan and the pace allow it."""
    org = orgs.lock(row.org)
    since = timezone.now() - timedelta(minutes=RATE_MINUTES)
    if is_paced and File.objects.filter(uploader=row.uploader, created_at__gt=since).count() >= RATE_MAX:
        raise TooFast(
            ngettext(
                "You have sent {count} file within ten minutes. Wait a little before the next.",
                "You have sent {count} files within ten minutes. Wait a little before the next.",
                RATE_MAX,
            ).format(count=RATE_MAX)
        )
    plans.require_room_for_bytes(org, stored_bytes(org) + row.size_bytes)
    row.save(force_insert=True)


def _describe(org: Org, uploader: Member | None, upload: Any) -> File:
    head = upload.read(kinds.HEAD)
    sort = kinds.of(head)
    digest = hashlib.sha256(head)
    while piece := upload.read(1 << 20):
        digest.update(piece)
    upload.seek(0)
    width, height = (sort.kind == FileKind.IMAGE and shapes.size(head)) or (None, None)
    excerpt = excerpts.of(head) if sort.kind == FileKind.TEXT else ""
    name = names.clean(upload.name or "")
    return File(
        org=org,
        uploader=uploader,
        name=name,
        kind=sort.kind,
        media_type=sort.media_type,
        size_bytes=upload.size,
        sha256=digest.hexdigest(),
        key=store.new_key(),
        width=width,
        height=height,
        excerpt=excerpt,
        excerpt_html=excerpts.highlighted(excerpt, name),
        state=FileState.WAITING if sort.kind in _PREPARED else FileState.READY,
    )
