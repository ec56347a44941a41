"""Stored events as the operator reads them: filtered, newest first, each with its organization and its state in words.

*Called by*: billing.views.operator.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.models import StripeEvent
from workspace.models import Org


@dataclass(frozen=True)
class Told:
    """An event as the page shows it."""

    event: StripeEvent
    org: Org | None
    state: str
    next_try_at: datetime | None


def find(*, state: str, org: str, kind: str) -> QuerySet[StripeEvent]:
    rows = StripeEvent.objects.order_by("-received_at", "-pk").defer("payload")
    if state == "applied":
        rows = rows.exclude(applied_at=None)
    elif state == "waiting":
        rows = rows.filter(applied_at=None)
    elif state == "failing":
        rows = rows.filter(applied_at=None, tries__gt=0)
    if org:
        rows = rows.filter(org_id__in=Org.objects.filter(slug=org).values("pk"))
    return rows.filter(type__startswith=kind) if kind else rows


def tell(rows: list[StripeEvent]) -> list[Told]:
    orgs = Org.objects.in_bulk({row.org_id for row in rows if row.org_id})
    return [Told(row, orgs.get(row.org_id) if row.org_id else None, _state(row), row.next_try_at) for row in rows]


def _state(row: StripeEvent) -> str:
    if row.applied_at:
        return _("Applied")
    return _("Failing, and tried again") if row.tries else _("Waiting for a worker")
