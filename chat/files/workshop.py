"""Prepares files: a picture made anew, previews, how many pages there are.

*Called by*: chat.tasks in a worker process. *Keeps true*: the row is the job: claimed with a lease, tried a few times,
then settled either way; a few at once, each in a process that is ended when it takes too long.
*Why* not in the web process: what is decoded was made by strangers, and a page must never wait for it.
"""

import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.db import close_old_connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.files import attachments, child, store
from chat.models import Attachment, File, FileKind, FileState

AT_ONCE = 2
SECONDS = 40
LEASE_SECONDS = 120
# A call that was not heard by then is lost.
FORGOTTEN_SECONDS = 15
ATTEMPTS_MAX = 3
BATCH = 50
_log = structlog.get_logger(__name__)
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="workshop")


def submit(file_id: uuid.UUID) -> None:
    """Prepare a file when there is a hand free. Safe to call twice."""
    _pool.submit(_run, file_id)


def forgotten() -> list[uuid.UUID]:
    """Files that wait although nobody is at it."""
    now = timezone.now()
    free = Q(claimed_at=None, created_at__lt=now - timedelta(seconds=FORGOTTEN_SECONDS))
    left = Q(claimed_at__lt=now - timedelta(seconds=LEASE_SECONDS))
    rows = File.objects.filter(free | left, state=FileState.WAITING).order_by("created_at")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def prepare(file_id: uuid.UUID) -> None:
    """Claim the file and make what stands for it. One that cannot be read stays what it is: a file to save."""
    file = _claim(file_id)
    if file is None:
        return
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        made = _develop(file, Path(folder)) if file.attempts <= ATTEMPTS_MAX else {}
        _settle(file, made, Path(folder))


def _run(file_id: uuid.UUID) -> None:
    close_old_connections()
    try:
        prepare(file_id)
    except Exception:
        _log.exception("file.not_prepared", file=str(file_id))
    finally:
        close_old_connections()


def _claim(file_id: uuid.UUID) -> File | None:
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - timedelta(seconds=LEASE_SECONDS))
    rows = File.objects.filter(free, pk=file_id, state=FileState.WAITING)
    if not rows.update(claimed_at=now, attempts=F("attempts") + 1):
        return None
    return File.objects.filter(pk=file_id).first()


def _develop(file: File, folder: Path) -> dict[str, Any]:
    """What the child process made of it; {} when it could not."""
    source = folder / "source"
    with source.open("wb") as copy:
        for piece in store.pieces(file.key, length=file.size_bytes):
            copy.write(piece)
    made = child.develop(file.kind, source, folder, timeout_seconds=SECONDS)
    if not made:
        _log.info("file.not_developed", file=str(file.pk))
    return made


def _settle(file: File, made: dict[str, Any], folder: Path) -> None:
    """Keep what was made, then say so; what lay there before goes afterwards.

    Not in one transaction: a post locks its Space first and then the file, so nobody may lock them the other way round.
    Whoever shows the file meanwhile waits for its row, and reads it as it is now.
    """
    before = file.key
    written: list[str] = []
    try:
        _keep(file, made, folder, written)
        with transaction.atomic():
            row = File.objects.select_for_update().filter(pk=file.pk, state=FileState.WAITING).first()
            if row is None:  # let go meanwhile
                raise _Gone
            file.state, file.claimed_at = FileState.READY, None
            file.save()
    except BaseException as error:
        store.drop(written)
        if isinstance(error, _Gone):
            return
        raise
    if file.key != before:
        store.drop([before])
    _tell(file)


def _keep(file: File, made: dict[str, Any], folder: Path, written: list[str]) -> None:
    if file.kind == FileKind.IMAGE and "media_type" not in made:
        # No picture that we could make anew: it is never shown as one.
        file.kind, file.media_type, file.width, file.height = FileKind.OTHER, "application/octet-stream", None, None
        return
    if file.kind == FileKind.IMAGE:
        file.media_type = made["media_type"]
        file.key = _put(folder / "original", store.new_key(), written)
        file.size_bytes = (folder / "original").stat().st_size
    file.width, file.height, file.pages = made.get("width"), made.get("height"), made.get("pages")
    file.previews, file.preview_key = made.get("previews", 0), store.new_key() if made.get("previews") else ""
    for number, key in enumerate(attachments.preview_keys(file), start=1):
        _put(folder / str(number), key, written)


def _put(path: Path, key: str, written: list[str]) -> str:
    written.append(key)
    with path.open("rb") as source:
        store.put(key, source)
    return key


def _tell(file: File) -> None:
    """Everyone who sees it in a message sees it again."""
    from chat import feed

    for row in Attachment.objects.filter(file=file, message__deleted_at=None).select_related("message__space"):
        with suppress(feed.Deleted), transaction.atomic():
            feed.show_again(feed.take(row.message))


class _Gone(Exception):
    """Nobody wants the file any more."""
