"""The life of a passage: given or asked for, looked at, begun, under way, over.

*Called by*: chat.views.passages, chat.passages.leaving and runner, Celery's beat. *Keeps true*: the row is the job:
whoever runs it holds its lease; a lapsed one is run again from its start, which changes nothing that has come; it ends
once, with a report or a reason; the archive goes with time.
"""

import tempfile
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import IO, Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import plans
from chat import broadcast, tasks
from chat.files import intake, store
from chat.models import Passage, PassageKind, PassageState
from chat.passages import packing, sources
from workspace import access, audit
from workspace.errors import Invalid, Refused
from workspace.models import Member, Space

LEASE_SECONDS = 60
KEEP_DAYS = 7
OPEN = (PassageState.READING, PassageState.QUEUED, PassageState.RUNNING)
OUT = (PassageKind.ORG_OUT, PassageKind.MEMBER_OUT)
# So much, at least, goes into the store within a second while nobody can renew the lease.
STORED_A_SECOND = 500_000
_log = structlog.get_logger(__name__)


class Stopped(Exception):
    """Somebody asked for an end, or another worker has taken over."""


@transaction.atomic
def receive(actor: Member, upload: Any) -> Passage:
    """Keep an archive and have it looked at, which tells what it is. Raises Forbidden, Invalid."""
    access.require_admin(actor)
    if not upload.size:
        raise Invalid(_("The file is empty. Choose the zip that was exported."))
    if under_way(actor.org_id):
        raise Invalid(_("An import or export is under way. Wait until it is over, or stop it."))
    passage = Passage(
        org_id=actor.org_id,
        asked_by=actor,
        kind=PassageKind.SLACK_IN,
        state=PassageState.READING,
        key=store.new_key(),
        size_bytes=upload.size,
        expires_at=timezone.now() + timedelta(days=KEEP_DAYS),
    )
    store.put(passage.key, upload)
    passage.save(force_insert=True)
    audit.record(actor.org, actor, "import.received", str(passage.pk), size_bytes=upload.size)
    wake(passage)
    return passage


@transaction.atomic
def begin(actor: Member, passage: Passage, *, channel_ids: Sequence[str]) -> None:
    """Bring these channels. Raises PlanLimit where the plan has no room for their Spaces, Invalid for none."""
    access.require_admin(actor)
    passage = Passage.objects.select_for_update().get(pk=passage.pk)
    if passage.state != PassageState.READY:
        raise Invalid(_("This import has begun already, or is over."))
    rows = [row for row in passage.preview["channels"] if row["id"] in set(channel_ids)]
    if not rows:
        raise Invalid(_("Choose at least one channel."))
    new = sum(1 for row in rows if row["kind"] != "direct" and not row["known"])
    if new:
        here = Space.objects.filter(org_id=passage.org_id, archived_at=None).of_the_plan().count()
        plans.require_room_for_space(actor.org, here + new)
    if weight := sum(row.get("bytes", 0) for row in rows):
        plans.require_room_for_bytes(actor.org, intake.stored_bytes(actor.org) + weight)
    passage.preview["chosen"] = [row["id"] for row in rows]
    passage.state, passage.done, passage.total, passage.leased_until = PassageState.QUEUED, 0, 0, None
    passage.save()
    audit.record(actor.org, actor, "import.begun", str(passage.pk), kind=passage.kind, channels=len(rows))
    wake(passage)


@transaction.atomic
def stop(actor: Member, passage: Passage) -> None:
    """End it between two steps; what has come in stays, and a later import goes on from there."""
    stopped = Passage.objects.filter(pk=passage.pk, state__in=[*OPEN, PassageState.READY])
    if stopped.update(state=PassageState.STOPPED, ended_at=timezone.now()):
        audit.record(actor.org, actor, f"{'export' if passage.kind in OUT else 'import'}.stopped", str(passage.pk))
        _tell(passage)


def run(passage_id: uuid.UUID) -> None:
    """Take the next step of a passage, if nobody else is at it."""
    passage = _claim(passage_id)
    if passage is None:
        return
    try:
        with tempfile.TemporaryFile() as archive:
            if passage.kind in OUT:
                _take_out(passage, archive)
                return
            _fetch(passage, archive)
            if passage.state == PassageState.READING:
                _end(passage, PassageState.READY, preview=_look(passage, archive))
            else:
                _end(passage, PassageState.FINISHED, report=_bring(passage, archive))
    except Stopped:
        _log.info("passage.stopped", passage=str(passage_id))
    except Refused as refusal:
        _end(passage, PassageState.FAILED, reason=str(refusal.message)[:500])


def under_way(org_id: uuid.UUID) -> bool:
    """Whether the organization brings something in or is taken out. What members take out for themselves is theirs."""
    rows = Passage.objects.filter(org_id=org_id, state__in=OPEN)
    return rows.exclude(kind=PassageKind.MEMBER_OUT).exists()


def fail(passage_id: uuid.UUID) -> None:
    """End what cannot be run at all, rather than try for ever."""
    passage = Passage.objects.get(pk=passage_id)
    _end(passage, PassageState.FAILED, reason=_("Something went wrong here. What had come by then is kept; try again."))


def forgotten() -> list[uuid.UUID]:
    """Those whose worker died, or whose wake-up call was lost."""
    lapsed = Q(leased_until__lt=Now()) | Q(leased_until=None, created_at__lt=Now() - timedelta(seconds=10))
    return list(Passage.objects.filter(lapsed, state__in=OPEN).values_list("pk", flat=True)[:10])


def let_go() -> int:
    """Forget archives whose time is over; returns how many."""
    old = list(Passage.objects.filter(expires_at__lt=Now()).exclude(key="").exclude(state__in=OPEN))
    for passage in old:
        Passage.objects.filter(pk=passage.pk, key=passage.key).update(key="")
        store.drop([passage.key])
    return len(old)


def _take_out(passage: Passage, archive: IO[bytes]) -> None:
    report = packing.pack(passage, archive, _teller(passage))
    size = archive.tell()
    _hold(passage, seconds=LEASE_SECONDS + size // STORED_A_SECOND)
    packing.keep(passage, archive)
    expires_at = timezone.now() + timedelta(days=KEEP_DAYS)
    if not _end(passage, PassageState.FINISHED, report=report, size_bytes=size, expires_at=expires_at):
        store.drop([passage.key])


def _look(passage: Passage, archive: IO[bytes]) -> dict[str, Any]:
    kind = sources.kind_of(archive)
    if kind != passage.kind:
        Passage.objects.filter(pk=passage.pk).update(kind=kind)
        passage.kind = kind
    return sources.look(passage, archive, _teller(passage))


def _bring(passage: Passage, archive: IO[bytes]) -> dict[str, Any]:
    report = sources.bring(passage, archive, passage.preview.get("chosen", []), _teller(passage))
    everyone = list(Member.objects.present().filter(org_id=passage.org_id).values_list("pk", flat=True))
    broadcast.sidebar_changed(everyone)
    return report.as_json()


def _claim(passage_id: uuid.UUID) -> Passage | None:
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    claimed = Passage.objects.filter(free, pk=passage_id, state__in=OPEN).update(leased_until=_lease())
    if not claimed:
        return None
    passage = Passage.objects.select_related("org", "asked_by__org").get(pk=passage_id)
    if passage.state == PassageState.QUEUED:
        Passage.objects.filter(pk=passage.pk, state=PassageState.QUEUED).update(state=PassageState.RUNNING)
        passage.state = PassageState.RUNNING
    return passage


def _teller(passage: Passage) -> Callable[[int, int], None]:
    """Renews the lease and says how far it is, now and then; raises Stopped once it should end."""
    told = timezone.now() - timedelta(minutes=1)

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done < total and timezone.now() - told < timedelta(seconds=1):
            return
        told = timezone.now()
        mine = Passage.objects.filter(pk=passage.pk, state=passage.state)
        if not mine.update(done=done, total=total, leased_until=_lease()):
            raise Stopped
        _tell(passage)

    return tell


def _lease() -> Any:
    return Now() + timedelta(seconds=LEASE_SECONDS)


def _hold(passage: Passage, *, seconds: int) -> None:
    """Be left alone for longer than usual. Raises Stopped."""
    until = Now() + timedelta(seconds=seconds)
    if not Passage.objects.filter(pk=passage.pk, state=passage.state).update(leased_until=until):
        raise Stopped


def _fetch(passage: Passage, archive: IO[bytes]) -> None:
    if not passage.key:
        raise Invalid(_("The archive is no longer kept. Give it once more."))
    for piece in store.pieces(passage.key, length=passage.size_bytes):
        archive.write(piece)
    archive.seek(0)


def _end(passage: Passage, state: PassageState, **fields: Any) -> bool:
    """Whether it was still open."""
    over = {} if state == PassageState.READY else {"ended_at": timezone.now()}
    mine = Passage.objects.filter(pk=passage.pk, state__in=OPEN)
    is_mine = bool(mine.update(state=state, leased_until=None, **over, **fields))
    if is_mine:
        _tell(passage)
    return is_mine


def _tell(passage: Passage) -> None:
    frame = {"type": "passage.changed", "passage": passage.pk}
    transaction.on_commit(lambda: broadcast.to_member(passage.asked_by_id, frame))


def wake(passage: Passage) -> None:
    """On commit, call a worker."""
    transaction.on_commit(lambda: tasks.wake_carrier([passage.pk]))
