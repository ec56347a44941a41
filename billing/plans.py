"""Plans: enrolling, the monthly grant, and what a plan allows.

*Called by*: founding an organization, billing.tasks, whoever adds a Space, member, file or tool server. *Keeps true*: a
period is granted once and missed periods do not pile up; months are counted from the anchor (31 January, 28 February,
31 March), in UTC, as ledger_period does in SQL.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import ledger, paths, surplus
from billing.models import Account, LotKind, Plan
from billing.refusals import NoPool, PlanLimit
from workspace.models import Org

STARTER = "starter"
BYTES_PER_MB = 1024 * 1024


@transaction.atomic
def enroll(org: Org, plan: str = STARTER, *, seats: int = 1, now: datetime | None = None) -> Account:
    """Open the pool and grant the first period. An organization that is enrolled stays as it is."""
    now = now or timezone.now()
    account, is_new = Account.objects.get_or_create(
        org=org, defaults={"plan_id": plan, "seats": seats, "anchor_at": now, "next_grant_at": now}
    )
    if is_new:
        ledger.open_pool(org.pk, anchor_at=account.anchor_at)
        grant_period(account, now)
    return account


@transaction.atomic
def switch(org: Org, plan: str, *, seats: int = 1, now: datetime | None = None) -> Account:
    """Put the organization on another plan. A better one is granted for the period at hand; a lesser one from the next.

    What was granted under the plan before stays until it expires. Seats alone count from the next grant on.
    """
    now = now or timezone.now()
    account = Account.objects.select_for_update().select_related("plan").get(org=org)
    before_ucr = account.plan.grant_ucr(account.seats)
    account.plan, account.seats = Plan.objects.get(slug=plan), seats
    account.save(update_fields=["plan", "seats"])
    if account.grants_by_calendar and account.plan.grant_ucr(seats) > before_ucr:
        grant_period(account, now)
    surplus.settle(org)
    return account


def grant_due(now: datetime | None = None) -> int:
    """Grant the current period to every account whose period has begun; returns how many got credits.

    However many periods were missed, only the one that is running is granted.
    """
    now = now or timezone.now()
    granted = 0
    for org_id in list(Account.objects.due(now).order_by("org_id").values_list("org_id", flat=True)):
        with transaction.atomic():
            account = Account.objects.due(now).select_for_update(skip_locked=True).filter(org_id=org_id).first()
            granted += bool(account and grant_period(account, now))
    return granted


def grant_period(account: Account, now: datetime) -> bool:
    """Grant the period that is running now, under a key of plan and period, and note when the next one begins."""
    number = period_number(account.anchor_at, now)
    ends_at = period_start(account.anchor_at, number + 1)
    number += account.periods_before
    amount_ucr = account.plan.grant_ucr(account.seats)
    granted = amount_ucr > 0 and ledger.grant(
        account.org_id,
        kind=LotKind.STARTER if account.plan_id == STARTER else LotKind.PLAN,
        amount_ucr=amount_ucr,
        source_key=f"{account.plan_id}:{account.org_id}:{number}",
        expires_at=ends_at,
    )
    account.periods_granted, account.next_grant_at = max(number + 1, 0), max(ends_at, account.anchor_at)
    account.save()
    return granted


def move_anchor(account: Account, anchor_at: datetime) -> None:
    """Count months from another instant on: a subscription's, once there is one. The caller saves the account."""
    account.periods_before, account.anchor_at = account.periods_granted, anchor_at
    ledger.move_anchor(account.org_id, anchor_at=anchor_at)


def period_start(anchor_at: datetime, number: int) -> datetime:
    """The beginning of the period with this number, in calendar months from the anchor, where number 0 begins."""
    anchor_at = anchor_at.astimezone(UTC)
    year, month = divmod(anchor_at.year * 12 + anchor_at.month - 1 + number, 12)
    return anchor_at.replace(year=year, month=month + 1, day=min(anchor_at.day, monthrange(year, month + 1)[1]))


def period_number(anchor_at: datetime, at: datetime) -> int:
    """The number of the period that this instant is in; each begins at its start and ends before the next one's."""
    anchor_at, at = anchor_at.astimezone(UTC), at.astimezone(UTC)
    months = (at.year - anchor_at.year) * 12 + at.month - anchor_at.month
    return months if period_start(anchor_at, months) <= at else months - 1


def require_room_for_space(org: Org, count: int) -> None:
    """`count` is how many Spaces there would be. Raises PlanLimit."""
    _require_room(org, "max_spaces", count, _spaces_most)


def require_room_for_member(org: Org, count: int) -> None:
    """`count` is how many members there would be. Where seats are paid for, each needs one. Raises PlanLimit."""
    _require_room(org, "max_members", count, _members_most)
    # A plan that the operator set by hand is not counted in seats.
    account = Account.objects.filter(org=org, grants_by_calendar=False, seats__lt=count).first()
    if account:
        said = ngettext("The {count} seat is taken.", "All {count} seats are taken.", account.seats)
        way_out = _("An owner or admin can add seats on the page of the plan.")
        raise PlanLimit(
            f"{said.format(count=account.seats)} {way_out}",
            limit="seats",
            most=account.seats,
            plan=account.plan_id,
            lifted_at=paths.to_plan(org.slug),
        )


def require_room_for_tool_server(org: Org, count: int) -> None:
    """`count` is how many tool servers there would be. Raises PlanLimit."""
    _require_room(org, "max_tool_servers", count, _tool_servers_most)


def require_room_for_bytes(org: Org, count: int) -> None:
    """`count` is how many bytes of files there would be. Raises PlanLimit."""
    _require_room(org, "max_storage_mb", -(-count // BYTES_PER_MB), _storage_most)


def storage_bytes(org: Org) -> int | None:
    """How many bytes of files the organization's plan allows; None for no limit."""
    most = Plan.objects.filter(accounts__org=org).values_list("max_storage_mb", flat=True).first()
    return None if most is None else most * BYTES_PER_MB


def _require_room(org: Org, limit: str, count: int, sentence: Callable[[int], str]) -> None:
    plan = Plan.objects.filter(accounts__org=org).first()
    if plan is None:
        raise NoPool
    most = getattr(plan, limit)
    if most is None or count <= most:
        return
    lifting = Plan.objects.lifting(limit, count).filter(rank__gt=plan.rank).first()
    where = {"lifted_at": paths.to_plan(org.slug)} if lifting and paths.to_plan(org.slug) else {}
    way_out = _("The {plan} plan allows more.").format(plan=lifting.name) if lifting else _("No plan allows more.")
    raise PlanLimit(
        f"{sentence(most).format(plan=plan.name, count=most)} {way_out}",
        limit=limit,
        most=most,
        plan=plan.slug,
        lifted_by=lifting.slug if lifting else None,
        **where,
    )


def _spaces_most(count: int) -> str:
    return ngettext("The {plan} plan allows {count} Space.", "The {plan} plan allows {count} Spaces.", count)


def _members_most(count: int) -> str:
    return ngettext("The {plan} plan allows {count} member.", "The {plan} plan allows {count} members.", count)


def _tool_servers_most(count: int) -> str:
    return ngettext(
        "The {plan} plan allows {count} tool server.", "The {plan} plan allows {count} tool servers.", count
    )


def _storage_most(megabytes: int) -> str:
    size = f"{megabytes // 1024:,} GB" if megabytes % 1024 == 0 else f"{megabytes:,} MB"
    return _("The {plan} plan allows {size} of files.").replace("{size}", size)
