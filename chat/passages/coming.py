"""What an admin does with an archive: gives it, begins with it, stops.

*Called by*: chat.views.passages. *Keeps true*: of an organization one passage is under way at a time, and one archive
is kept for it, which takes the place of the one before: decided under the organization's lock.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import plans
from chat import tasks
from chat.files import intake, store
from chat.models import Passage, PassageKind, PassageState
from chat.passages import hold
from chat.passages.hold import KEEP_DAYS, LEASE_SECONDS, OPEN, OUT
from chat.passages.running import STORED_A_SECOND
from workspace import access, audit, orgs
from workspace.errors import Invalid
from workspace.models import Member, Org, Space


def receive(actor: Member, upload: Any) -> Passage:
    """Keep an archive and have it looked at, which tells what it is. Raises Forbidden, Invalid."""
    access.require_admin(actor)
    if not upload.size:
        raise Invalid(_("The file is empty. Choose the zip that was exported."))
    passage = _enter(actor, upload.size)
    try:
        store.put(passage.key, upload)
    except BaseException:
        Passage.objects.filter(pk=passage.pk).update(state=PassageState.FAILED, key="", ended_at=timezone.now())
        store.drop([passage.key])
        raise
    waits = Passage.objects.filter(pk=passage.pk, fence=0, state=PassageState.READING)
    if waits.update(leased_until=None):
        wake(passage)
    return passage


@transaction.atomic
def begin(actor: Member, passage: Passage, *, channel_ids: Sequence[str]) -> None:
    """Bring these channels. Raises PlanLimit where the plan has no room for their Spaces, Invalid for none."""
    access.require_admin(actor)
    require_nothing_under_way(orgs.lock(actor.org))
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
        hold.tell(passage)


def require_nothing_under_way(org: Org) -> None:
    """Raises Invalid while the organization brings something in or is taken out. Call under its lock. What members
    take out for themselves is theirs."""
    rows = Passage.objects.filter(org=org, state__in=OPEN)
    if rows.exclude(kind=PassageKind.MEMBER_OUT).exists():
        raise Invalid(_("An import or export is under way. Wait until it is over, or stop it."))


def wake(passage: Passage) -> None:
    """On commit, call a worker."""
    transaction.on_commit(lambda: tasks.wake_carrier([passage.pk]))


@transaction.atomic
def _enter(actor: Member, size_bytes: int) -> Passage:
    """The row comes first, so that no bytes lie anywhere that no row knows. No worker takes it while they are put."""
    require_nothing_under_way(orgs.lock(actor.org))
    _make_room(actor.org)
    passage = Passage.objects.create(
        org_id=actor.org_id,
        asked_by=actor,
        kind=PassageKind.SLACK_IN,
        state=PassageState.READING,
        key=store.new_key(),
        size_bytes=size_bytes,
        leased_until=hold.until(seconds=LEASE_SECONDS + size_bytes // STORED_A_SECOND),
        expires_at=hold.until(days=KEEP_DAYS),
    )
    audit.record(actor.org, actor, "import.received", str(passage.pk), size_bytes=size_bytes)
    return passage


def _make_room(org: Org) -> None:
    """Let go of the archive that was given before."""
    before = Passage.objects.filter(org=org).exclude(key="").exclude(kind__in=OUT)
    keys = list(before.values_list("key", flat=True))
    Passage.objects.filter(org=org, state=PassageState.READY).update(
        state=PassageState.STOPPED, ended_at=timezone.now()
    )
    before.update(key="")
    transaction.on_commit(lambda: store.drop(keys))
