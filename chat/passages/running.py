"""What a worker does with a passage: looked at, brought, taken out; and what becomes of those that nobody ended.

*Called by*: chat.passages.apart and runner, Celery's beat. *Keeps true*: the row is the job: whoever runs it holds its
lease; a lapsed one is run again from its start, which changes nothing that has come; it ends once, with a report or a
reason; an archive goes when its passage is over, or with time.
"""

import tempfile
import uuid
from datetime import timedelta
from typing import IO, Any

import structlog
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat import broadcast
from chat.files import store
from chat.models import Passage, PassageKind, PassageState
from chat.passages import hold, packing, sources
from chat.passages.hold import LEASE_SECONDS, OPEN, OUT, Hold, Stopped
from workspace.errors import Invalid, Refused
from workspace.models import Member

# So much, at least, goes into the store or comes out of it within a second, while nobody can renew the lease.
STORED_A_SECOND = 500_000
# Somebody who took it so often and never came to its end will not.
TAKEN_MAX = 30
# Past the end of its lease, whoever has it is stuck.
STALLED_SECONDS = 60
_log = structlog.get_logger(__name__)


def run(passage_id: uuid.UUID) -> None:
    """Take the next step of a passage, if nobody else is at it."""
    held = hold.take(passage_id)
    if held is None:
        return
    try:
        if held.passage.fence > TAKEN_MAX:
            raise Invalid(_("It was begun again too often. What had come by then is kept."))
        with tempfile.TemporaryFile() as archive:
            _step(held, archive)
    except Stopped:
        _log.info("passage.stopped", passage=str(passage_id))
    except Refused as refusal:
        held.end(PassageState.FAILED, reason=str(refusal.message)[:500])
    except MemoryError:
        held.end(PassageState.FAILED, reason=_("The archive needs more memory than one may take. It was not read."))


def fail(passage_id: uuid.UUID, *, fence: int) -> None:
    """End what cannot be run at all, rather than try for ever: unless somebody has taken it after that fence."""
    passage = Passage.objects.get(pk=passage_id)
    if passage.fence <= fence and passage.state in OPEN:
        words = _("Something went wrong here. What had come by then is kept; try again.")
        Hold(passage).end(PassageState.FAILED, reason=words)


def is_stalled(passage_id: uuid.UUID) -> bool:
    """Whether whoever has it has not moved for long."""
    late = Passage.objects.filter(leased_until__lt=Now() - timedelta(seconds=STALLED_SECONDS))
    return late.filter(pk=passage_id, state__in=OPEN).exists()


def forgotten() -> list[uuid.UUID]:
    """Those whose worker died, or whose wake-up call was lost."""
    lapsed = Q(leased_until__lt=Now()) | Q(leased_until=None, created_at__lt=Now() - timedelta(seconds=10))
    return list(Passage.objects.filter(lapsed, state__in=OPEN).values_list("pk", flat=True)[:10])


def let_go() -> int:
    """Forget archives that nobody needs any more: of imports that are over, and all whose time is. Returns how many."""
    over = Q(state__in=[PassageState.FINISHED, PassageState.FAILED, PassageState.STOPPED]) & ~Q(kind__in=OUT)
    old = list(Passage.objects.filter(over | Q(expires_at__lt=Now())).exclude(key="").exclude(state__in=OPEN))
    for passage in old:
        Passage.objects.filter(pk=passage.pk, key=passage.key).update(key="")
        Passage.objects.filter(pk=passage.pk, state=PassageState.READY).update(state=PassageState.STOPPED)
        store.drop([passage.key])
    return len(old)


def _step(held: Hold, archive: IO[bytes]) -> None:
    passage = held.passage
    if passage.kind in OUT:
        _take_out(held, archive)
        return
    _fetch(held, archive)
    if passage.state == PassageState.READING:
        held.end(PassageState.READY, preview=_look(held, archive))
    else:
        held.end(PassageState.FINISHED, report=_bring(held, archive))


def _take_out(held: Hold, archive: IO[bytes]) -> None:
    report = packing.pack(held, archive)
    size = archive.tell()
    held.keep(seconds=LEASE_SECONDS + size // STORED_A_SECOND)
    packing.keep(held, archive)
    if not held.end(PassageState.FINISHED, report=report, size_bytes=size, expires_at=hold.until(days=hold.KEEP_DAYS)):
        store.drop([held.passage.key])


def _fetch(held: Hold, archive: IO[bytes]) -> None:
    passage = held.passage
    if not passage.key or not store.has(passage.key):
        raise Invalid(_("The archive is no longer kept. Give it once more."))
    for piece in store.pieces(passage.key, length=passage.size_bytes):
        archive.write(piece)
        held.breathe()
    archive.seek(0)


def _look(held: Hold, archive: IO[bytes]) -> dict[str, Any]:
    passage, kind = held.passage, sources.kind_of(archive)
    if kind != passage.kind:
        Passage.objects.filter(pk=passage.pk).update(kind=kind)
        passage.kind = PassageKind(kind)
    return sources.look(passage, archive, held.tell)


def _bring(held: Hold, archive: IO[bytes]) -> dict[str, Any]:
    report = sources.bring(held, archive, held.passage.preview.get("chosen", []))
    everyone = list(Member.objects.present().filter(org_id=held.passage.org_id).values_list("pk", flat=True))
    broadcast.sidebar_changed(everyone)
    return report.as_json()
