"""A passage in the hands of one worker.

*Called by*: chat.passages. *Keeps true*: a passage has one fence for each time that somebody took it; whoever no longer
has the newest writes nothing more: each transaction that writes asks first, and locks the row until it is over.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from chat import broadcast
from chat.models import Passage, PassageKind, PassageState
from chat.passages.values import WHOLE_MAX

LEASE_SECONDS = 60
KEEP_DAYS = 7
OPEN = (PassageState.READING, PassageState.QUEUED, PassageState.RUNNING)
OUT = (PassageKind.ORG_OUT, PassageKind.MEMBER_OUT)


class Stopped(Exception):
    """Somebody asked for an end, or another worker has taken over."""


@dataclass
class Hold:
    """`tell(done, total)` says how far it is, now and then, and raises Stopped once it should end."""

    passage: Passage
    _told: datetime = field(default_factory=lambda: timezone.now() - timedelta(minutes=1))

    def tell(self, done: int, total: int) -> None:
        if done < total and self._is_fresh():
            return
        self._renew(done=min(done, WHOLE_MAX), total=min(total, WHOLE_MAX))  # an archive says how much it holds
        tell(self.passage)

    def breathe(self) -> None:
        """Renew the lease in the middle of something long."""
        if not self._is_fresh():
            self._renew()

    def keep(self, *, seconds: int) -> None:
        """Be left alone for longer than usual."""
        self._renew(leased_until=until(seconds=seconds))

    def name(self, key: str) -> None:
        """Say where the archive is going to lie, before it does."""
        if not self._mine().update(key=key):
            raise Stopped
        self.passage.key = key

    def fence(self) -> None:
        """Call it first in each transaction that writes: nobody takes the passage before that is over."""
        if not self._mine().select_for_update(no_key=True).exists():
            raise Stopped

    def check(self) -> None:
        """Before what is no transaction."""
        with transaction.atomic():
            self.fence()

    @transaction.atomic
    def end(self, state: str, **fields: Any) -> bool:
        """Whether it was still in these hands."""
        over = {} if state == PassageState.READY else {"ended_at": timezone.now()}
        is_mine = bool(self._mine().update(state=state, leased_until=None, **over, **fields))
        if is_mine:
            tell(self.passage)
        return is_mine

    def _is_fresh(self) -> bool:
        return timezone.now() - self._told < timedelta(seconds=1)

    def _renew(self, **fields: Any) -> None:
        if not self._mine().update(**{"leased_until": until(seconds=LEASE_SECONDS), **fields}):
            raise Stopped
        self._told = timezone.now()

    def _mine(self) -> Any:
        passage = self.passage
        return Passage.objects.filter(pk=passage.pk, fence=passage.fence, state=passage.state)


@transaction.atomic
def take(passage_id: uuid.UUID) -> Hold | None:
    """The passage, if nobody else has it and it is to be carried."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    rows = Passage.objects.filter(free, pk=passage_id, state__in=OPEN)
    if not rows.update(leased_until=until(seconds=LEASE_SECONDS), fence=F("fence") + 1):
        return None
    Passage.objects.filter(pk=passage_id, state=PassageState.QUEUED).update(state=PassageState.RUNNING)
    return Hold(Passage.objects.select_related("org", "asked_by__org").get(pk=passage_id))


def until(*, seconds: int = 0, days: int = 0) -> Any:
    """By the clock of the database."""
    return Now() + timedelta(seconds=seconds, days=days)


def tell(passage: Passage) -> None:
    """Whoever asked for it sees how it is, on commit."""
    frame = {"type": "passage.changed", "passage": passage.pk}
    transaction.on_commit(lambda: broadcast.to_member(passage.asked_by_id, frame))
