"""Who is told about limits: owners and admins when half, four fifths and all of a period's credits are spent; who is
asked for more, and who had asked.

*Called by*: chat.tasks each minute, billing.requests, every page. *Keeps true*: an alert comes once a period and
threshold (the ledger writes it); of several at once only the highest is told; each is told to a member once.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from billing.models import Alert, AlertReceipt, CapRequest, Pool
from workspace.models import Member, Role


def admins_of(org_id: UUID) -> list[Member]:
    return list(Member.objects.present().filter(org_id=org_id, role__in=(Role.OWNER, Role.ADMIN)))


def hand_out() -> list[UUID]:
    """Write down whom each new alert is for; returns the members. One of a period that is over is told to nobody."""
    told: list[UUID] = []
    for org_id in list(
        Alert.objects.filter(sent_at=None).order_by("org_id").values_list("org_id", flat=True).distinct()
    ):
        told += _hand_out(org_id)
    return told


@transaction.atomic
def _hand_out(org_id: UUID) -> list[UUID]:
    fresh = list(Alert.objects.filter(org_id=org_id, sent_at=None).select_for_update(skip_locked=True))
    Alert.objects.filter(pk__in=[each.pk for each in fresh]).update(sent_at=Now())
    starts_at = Pool.objects.values_list("period_starts_at", flat=True).get(org_id=org_id)
    current = [each for each in fresh if each.period_starts_at == starts_at]
    if not current:
        return []
    highest = max(current, key=lambda each: each.threshold_percent)
    admins = admins_of(org_id)
    AlertReceipt.objects.bulk_create(
        [AlertReceipt(alert=highest, member=admin) for admin in admins], ignore_conflicts=True
    )
    # What was shown of this period says less than this one does.
    older = Q(alert__org_id=org_id, alert__threshold_percent__lt=highest.threshold_percent)
    AlertReceipt.objects.filter(older, seen_at=None).update(seen_at=Now())
    return [admin.pk for admin in admins]


def tell(request: CapRequest, members: Iterable[Member], *, is_shown: bool) -> None:
    """Have these members mailed about a request; `is_shown`: until they put it away, on their pages too."""
    rows = [AlertReceipt(request=request, member=each, seen_at=None if is_shown else Now()) for each in members]
    AlertReceipt.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["request", "member"], update_fields=["mailed_at", "seen_at"]
    )


def shown(member: Member, *, period_starts_at: datetime) -> list[AlertReceipt]:
    """What every page shows to the member, in one query, the newest first: what they have not put away, and for who can
    answer, requests that wait. An alert of a period that is over is not shown any more.
    """
    unseen = Q(seen_at=None) & (Q(alert=None) | Q(alert__period_starts_at=period_starts_at))
    waiting = Q(request__isnull=False, request__answered_at=None, request__member__left_at=None)
    rows = AlertReceipt.objects.filter(unseen | waiting, member=member)
    if not member.is_admin:
        rows = rows.filter(request__member=member)
    return list(rows.select_related("alert", "request__answered_by", "request__member").order_by("-pk"))


def put_away(member: Member, receipt_id: int) -> None:
    AlertReceipt.objects.filter(pk=receipt_id, member=member, seen_at=None).update(seen_at=Now())


def open_requests(org_id: UUID) -> list[CapRequest]:
    """Those that wait for an answer, the longest first. Who has left asks for nothing any more."""
    rows = CapRequest.objects.filter(org_id=org_id, answered_at=None, member__left_at=None)
    return list(rows.select_related("member__user").order_by("asked_at"))
