"""Files of messages: shown, counted among what changed, and let go with the last message that shows them.

*Called by*: chat.feed, chat.views.files, whoever deletes or forwards messages. *Keeps true*: attaching and letting go
wait for each other at the file's row, so a message never shows a file whose bytes are gone.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import ngettext

from chat.files import access, store
from chat.models import Attachment, File, Message
from chat.search import words
from workspace import audit, spaces
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Space

COUNT_MAX = 10
# So many messages lose a file in one transaction, which holds up all who write in their Space.
AT_ONCE = 20


def attach(message: Message, ids: Sequence[uuid.UUID]) -> None:
    """Show files in a message that was just written. Call inside its transaction.

    They are the author's own, in no message yet, or any that the author may already open. Raises NotFound, Invalid.
    """
    if not ids or message.author is None:
        return
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > COUNT_MAX:
        raise too_many()
    rows = access.visible_to(message.author).filter(pk__in=wanted).select_for_update(of=("self",), no_key=True)
    found = {file.pk: file for file in rows.order_by("pk")}
    if len(found) != len(wanted):
        raise NotFound
    made = [
        Attachment(org_id=message.org_id, message=message, file=found[pk], position=position)
        for position, pk in enumerate(wanted)
    ]
    Attachment.objects.bulk_create(made)
    message.files = [found[pk] for pk in wanted]


def too_many() -> Invalid:
    return Invalid(
        ngettext(
            "A message shows at most {count} file. Send the others in another one.",
            "A message shows at most {count} files. Send the others in another one.",
            COUNT_MAX,
        ).format(count=COUNT_MAX)
    )


def release(message: Message) -> None:
    """Take all files off a message that was deleted, and let go of those that nothing else shows.

    Call inside the transaction that deletes it.
    """
    ids = list(Attachment.objects.filter(message=message).values_list("file_id", flat=True))
    if ids:
        Attachment.objects.filter(message=message).delete()
        transaction.on_commit(lambda: let_go(ids))


def discard(member: Member, file: File) -> None:
    """Take a file away for good: its uploader from everywhere, who manages a Space from the messages there.

    The messages stay; one that said nothing else is deleted with it. An archived Space keeps what it shows. Each Space
    is locked for a few messages at a time; stopped half-way, it is gone from some of them, and once more ends it.
    Raises NotFound, and Archived where nothing else shows the file.
    """
    found = _where(member, file)
    if not found and file.uploader_id != member.pk:
        raise NotFound
    open_spaces = [space for space in found if space.archived_at is None]
    if found and not open_spaces:
        spaces.require_open(found[0])
    for space in open_spaces:
        with suppress(spaces.Archived):  # since then
            while _take_off_some(member, file, space):
                pass
    transaction.on_commit(lambda: let_go([file.pk]))


def may_discard(member: Member, file: File) -> bool:
    """Whether `discard` would do anything."""
    return file.uploader_id == member.pk or bool(_where(member, file))


def let_go(ids: Sequence[uuid.UUID]) -> int:
    """Remove files that no message shows, bytes first; returns how many. Those that are still shown stay."""
    gone = 0
    for file_id in ids:
        with transaction.atomic():
            # Asked after the lock: a message that was just given this file has been waited for.
            row = File.objects.select_for_update().filter(pk=file_id).first()
            if row is not None and not Attachment.objects.filter(file=row).exists():
                store.drop([row.key, *preview_keys(row)])
                row.delete()
                gone += 1
    return gone


def preview_keys(file: File) -> list[str]:
    return [f"{file.preview_key}-{number}" for number in range(1, file.previews + 1)]


def _where(member: Member, file: File) -> list[Space]:
    """The Spaces that show the file and in which the member may take it off, which the member must be able to see."""
    shown = Attachment.objects.filter(file=file, message__deleted_at=None, message__space=OuterRef("pk"))
    found = Space.objects.visible_to(member).filter(Exists(shown)).order_by("pk")
    return [space for space in found if file.uploader_id == member.pk or spaces.may_manage(member, space)]


@transaction.atomic
def _take_off_some(member: Member, file: File, space: Space) -> int:
    """Take the file off the next few messages of a Space; how many there were."""
    shown = Attachment.objects.filter(file=file, message__space=space, message__deleted_at=None)
    rows = list(shown.select_related("message__space").order_by("pk")[:AT_ONCE])
    for row in rows:
        _take_off(row, by=member)
    if rows and file.uploader_id != member.pk:
        audit.record(member.org, member, "file.discarded", str(file.pk), spaces=[str(space.pk)])
    return len(rows)


def _take_off(row: Attachment, *, by: Member) -> None:
    """Take a file off one message, as it stands once the Space is locked."""
    from chat import deletions, feed

    try:
        message = feed.take(row.message)
    except feed.Deleted:
        return
    spaces.require_open(message.space)
    if not Attachment.objects.filter(pk=row.pk).delete()[0]:
        return
    if message.text or Attachment.objects.filter(message=message).exists():
        words.write([message.pk])
        feed.show_again(message)
    else:
        feed.tell(message.space, deletions.bury(message, by=by))
