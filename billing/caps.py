"""Limits of members, Spaces and API keys: who sets them, and what is left under one.

*Called by*: pages about limits, billing.requests, the chat when an answer has ended. *Keeps true*: only an owner or
admin of the organization changes a limit, and each change is in the audit trail with what it was before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing import ledger
from billing.models import Cap, CapScope, Pool
from workspace import access, audit
from workspace.errors import Invalid
from workspace.models import Member, Org, Space

# A million million credits: sums of a few of these still fit a BIGINT.
MOST_UCR = 10**18
# From here on a member is told how far their limit is used up.
WARNINGS_PERCENT = (80, 100)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit leaves of a period. `seen_percent` is the warning that its member has put away."""

    limit_ucr: int
    left_ucr: int
    resets_at: datetime
    is_default: bool = False
    extra_ucr: int = 0
    seen_percent: int = 0

    @property
    def used_ucr(self) -> int:
        """Spent, or set aside for an answer that is being written."""
        return max(self.limit_ucr - self.left_ucr, 0)

    @property
    def used_percent(self) -> int:
        return min(self.used_ucr * 100 // self.limit_ucr, 100) if self.limit_ucr else 100

    @property
    def warning_percent(self) -> int:
        """The highest of WARNINGS_PERCENT that is reached and was not put away; 0 for none."""
        reached = [each for each in WARNINGS_PERCENT if self.seen_percent < each <= self.used_percent]
        return max(reached, default=0)


def of_member(member: Member, *, balance: ledger.Balance | None = None) -> Allowance | None:
    """What is left for a member; None where nothing limits them. One query more in an organization with limits."""
    balance = balance or ledger.balance(member.org_id)
    if not balance.is_capped:
        return None
    return of_members(member.org_id, [member.pk]).get(member.pk)


def of_members(org_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, Allowance]:
    """What is left for these members; those whom nothing limits are left out."""
    ids, pool = list(member_ids), Pool.objects.get(org_id=org_id)
    found = _found(pool, CapScope.MEMBER, ids)
    if (limit_ucr := pool.member_cap_ucr) is not None:
        fresh = Allowance(limit_ucr, limit_ucr, pool.period_ends_at, is_default=True)
        found = {member_id: found.get(member_id, fresh) for member_id in ids}
    return found


def of_spaces(org_id: UUID, space_ids: Iterable[UUID]) -> dict[UUID, Allowance]:
    return _found(Pool.objects.get(org_id=org_id), CapScope.SPACE, list(space_ids))


def of_scope(org_id: UUID, scope: str, scope_id: UUID) -> Allowance | None:
    if scope == CapScope.MEMBER:
        return of_members(org_id, [scope_id]).get(scope_id)
    return _found(Pool.objects.get(org_id=org_id), scope, [scope_id]).get(scope_id)


def default_ucr(org_id: UUID) -> int | None:
    """What a member without a limit of their own may spend in a period; None for no such limit."""
    return Pool.objects.values_list("member_cap_ucr", flat=True).get(org_id=org_id)


@transaction.atomic
def set_default(actor: Member, limit_ucr: int | None) -> None:
    """Set what each member may spend in a period who has no limit of their own; None takes it away."""
    access.require_admin(actor)
    _require_countable(limit_ucr)
    was_ucr = default_ucr(actor.org_id)
    ledger.cap_default(actor.org_id, limit_ucr=limit_ucr)
    if was_ucr != limit_ucr:
        _note(actor, "cap.changed", "default", "default", "", was_ucr, limit_ucr)


@transaction.atomic
def set_member(actor: Member, member: Member, limit_ucr: int | None) -> None:
    """Give a member a limit of their own; None leaves them to the default."""
    access.require_admin(actor)
    _set(actor, CapScope.MEMBER, member.pk, f"@{member.handle}", limit_ucr)


@transaction.atomic
def set_space(actor: Member, space: Space, limit_ucr: int | None) -> None:
    """Limit what is spent in a Space, whoever asks; None takes the limit away."""
    access.require_admin(actor)
    _set(actor, CapScope.SPACE, space.pk, f"#{space.name}", limit_ucr)


@transaction.atomic
def set_key(org: Org, actor: Member | None, key_id: UUID, limit_ucr: int | None) -> None:
    """Limit what an API key spends; None takes the limit away. `actor`: None for the operator."""
    if actor:
        access.require_admin(actor)
    _require_countable(limit_ucr)
    ledger.cap(org.pk, scope=CapScope.KEY, scope_id=key_id, limit_ucr=limit_ucr)
    audit.record(org, actor, "cap.changed", f"key {key_id}", scope="key", id=str(key_id), now_ucr=limit_ucr)


def raise_by(org_id: UUID, scope: str, scope_id: UUID, amount_ucr: int, *, is_for_good: bool) -> bool:
    """Give more under a limit. False where there is none any more. Joins the caller's transaction."""
    standing = of_scope(org_id, scope, scope_id)
    _require_countable((standing.limit_ucr if standing else 0) + amount_ucr)
    return ledger.cap_raise(org_id, scope=scope, scope_id=scope_id, amount_ucr=amount_ucr, is_for_good=is_for_good)


def put_away(member: Member) -> None:
    """The member has read how far their limit is used up."""
    standing = of_member(member)
    if standing and standing.warning_percent:
        row = Cap.objects.filter(org_id=member.org_id, scope=CapScope.MEMBER, scope_id=member.pk)
        row.update(seen_percent=standing.warning_percent)


def _set(actor: Member, scope: CapScope, scope_id: UUID, name: str, limit_ucr: int | None) -> None:
    _require_countable(limit_ucr)
    row = Cap.objects.filter(org_id=actor.org_id, scope=scope, scope_id=scope_id, is_default=False)
    was_ucr = row.values_list("limit_ucr", flat=True).first()
    ledger.cap(actor.org_id, scope=scope, scope_id=scope_id, limit_ucr=limit_ucr)
    if was_ucr != limit_ucr:
        _note(actor, "cap.changed", name, scope, str(scope_id), was_ucr, limit_ucr)


def _note(
    actor: Member, action: str, subject: str, scope: str, scope_id: str, was_ucr: int | None, now_ucr: int | None
) -> None:
    audit.record(actor.org, actor, action, subject, scope=scope, id=scope_id, was_ucr=was_ucr, now_ucr=now_ucr)


def _found(pool: Pool, scope: str, ids: list[UUID]) -> dict[UUID, Allowance]:
    rows = Cap.objects.filter(org_id=pool.org_id, scope=scope, scope_id__in=ids)
    return {
        row.scope_id: Allowance(
            row.most_ucr, row.left_ucr, pool.period_ends_at, row.is_default, row.extra_ucr, row.seen_percent
        )
        for row in rows
    }


def _require_countable(limit_ucr: int | None) -> None:
    if limit_ucr is not None and not 0 <= limit_ucr <= MOST_UCR:
        raise Invalid(_("A limit lies between 0 and 1,000,000,000,000 credits."))
