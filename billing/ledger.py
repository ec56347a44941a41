"""The only door to the credits: one function of SQL a verb, one round trip each.

*Called by*: billing.metering, billing.plans, billing.tasks, the operator's commands. *Keeps true*: a call is held once
and closed once, a balance is never negative. The caller owns the transaction: inside an atomic block a verb joins it,
and a refusal leaves that block usable; outside, each verb is a transaction of its own.
*Why* no model is saved here: the application's role may only read the books (guards.sql).
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from billing import paths
from billing.models import Hold, Pool
from billing.refusals import CapReached, ForeignCall, NoCredits, NoPool, Unpriced
from billing.round_trip import call as _call

log = logging.getLogger(__name__)

MIN_OUTPUT_TOKENS = 256
HOLD_SECONDS = 600
MOST_TOKENS = 10_000_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a provider and what it used. `price_id` is one that was held; None only for an own key."""

    number: int
    price_id: int | None
    provider: str
    model: str
    is_delivered: bool
    usage_source: str
    request_id: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    is_odd: bool = False
    is_own_key: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a call may use. `is_new` is false for a call that was held before: `state` says what became of it."""

    id: int
    call: str
    state: str
    amount_ucr: int
    max_output_tokens: int
    expires_at: datetime
    free_ucr: int
    limited_by: str | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """How a call was closed. `is_new` is false when somebody closed it before: then the figures are theirs."""

    hold_id: int
    state: str
    held_ucr: int
    charged_ucr: int
    writeoff_ucr: int
    free_ucr: int
    alerts_percent: tuple[int, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Balance:
    free_ucr: int
    held_ucr: int
    period_starts_at: datetime
    period_ends_at: datetime
    period_spent_ucr: int
    is_capped: bool


def open_pool(org_id: UUID, *, anchor_at: datetime) -> None:
    """Give the organization its pool. Harmless when it has one."""
    _call("SELECT ledger_open(%s, %s)", org_id, anchor_at)


def grant(
    org_id: UUID,
    *,
    kind: str,
    amount_ucr: int,
    source_key: str,
    expires_at: datetime | None = None,
    paid_minor: int | None = None,
    currency: str = "",
    note: str = "",
) -> bool:
    """Add a lot of credits. False when this source key was granted before, which changes nothing."""
    arguments = (org_id, kind, amount_ucr, source_key, expires_at, paid_minor, currency, note)
    status, _lot = _call("SELECT * FROM ledger_grant(%s, %s, %s, %s, %s, %s, %s, %s)", *arguments)
    _require(status)
    return bool(status == "granted")


def hold(
    org_id: UUID,
    *,
    call: str,
    price_ids: Sequence[int | None],
    input_tokens: int,
    max_output_tokens: int,
    min_output_tokens: int = MIN_OUTPUT_TOKENS,
    ttl_seconds: int = HOLD_SECONDS,
    member_id: UUID | None = None,
    space_id: UUID | None = None,
    key_id: UUID | None = None,
    own_key: bool = False,
    durable: bool = True,
) -> Held:
    """Set aside what the call can cost at most on the dearest of these prices, or less output where there is less.

    `price_ids` are those of the route's offers; None stands for one without a price, and none at all is right only
    with `own_key`. `durable=False` does not wait for the disk when this is the outermost transaction: a crash of the
    database may then lose the hold, and `settle` makes up for it. Inside a larger transaction call this last, because
    the pool stays locked until that one ends. Raises NoCredits, CapReached, Unpriced, ForeignCall.
    """
    if min(input_tokens, max_output_tokens, min_output_tokens) < 0:
        raise ValueError("nothing less than no tokens can be held for")
    is_async = not durable and not connection.in_atomic_block
    row = _call(
        "SELECT * FROM ledger_hold(%s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s, %s, %s, %s)",
        *(org_id, call, member_id, space_id, key_id, list(dict.fromkeys(price_ids)), own_key),
        *(min(input_tokens, MOST_TOKENS), min(max_output_tokens, MOST_TOKENS), min_output_tokens),
        *(ttl_seconds, is_async),
    )
    status, hold_id, state, amount_ucr, output_tokens, expires_at, free_ucr, *limit = row
    limit_of, limit_ucr, least_ucr, resets_at = limit
    if status == "refused" and limit_of == "pool":
        held_ucr, slug = Pool.objects.values_list("held_ucr", "org__slug").get(org_id=org_id)
        where = paths.to_plan(slug) or paths.to_limits(slug)
        raise NoCredits.of(
            free_ucr=free_ucr, held_ucr=held_ucr, needed_ucr=least_ucr, resets_at=resets_at, lifted_at=where
        )
    if status == "refused":
        where = paths.to_limits(Pool.objects.values_list("org__slug", flat=True).get(org_id=org_id))
        raise CapReached.of(limit_of, limit_ucr=limit_ucr, left_ucr=amount_ucr, resets_at=resets_at, lifted_at=where)
    _require(status)
    is_new = status == "held"
    return Held(hold_id, call, state, amount_ucr, output_tokens, expires_at, free_ucr, limit_of, is_new)


def settle(
    org_id: UUID,
    *,
    call: str,
    attempts: Iterable[Attempt],
    member_id: UUID | None = None,
    space_id: UUID | None = None,
    key_id: UUID | None = None,
) -> Settled:
    """Close the call and charge what its delivered attempts used. The first settlement wins; later ones learn of it.

    After the reaper, or after a crash that lost the hold, the charge comes from what is free; the three ids are for
    that last case alone. What cannot be paid is written off, never owed. Raises ForeignCall.
    """
    payload = json.dumps([_plain(attempt) for attempt in attempts])
    row = _call(
        "SELECT * FROM ledger_settle(%s, %s, %s, %s, %s, %s)", org_id, call, payload, member_id, space_id, key_id
    )
    status, hold_id, state, held_ucr, charged_ucr, writeoff_ucr, free_ucr, alerts = row
    _require(status)
    is_new = status == "settled"
    if not is_new:
        log.info("call %s was settled before at %s ucr: this settlement is ignored", call, charged_ucr)
    elif writeoff_ucr:
        log.warning("call %s cost %s ucr more than its organization had: written off", call, writeoff_ucr)
    return Settled(hold_id, state, held_ucr, charged_ucr, writeoff_ucr, free_ucr, tuple(alerts or ()), is_new)


def release(org_id: UUID, *, call: str) -> bool:
    """Close a call that came to nothing. False when it was closed before, or never held. Raises ForeignCall."""
    status, _state, _free = _call("SELECT * FROM ledger_release(%s, %s)", org_id, call)
    _require(status)
    return bool(status == "released")


def extend(calls: Iterable[str], *, ttl_seconds: int = HOLD_SECONDS) -> set[str]:
    """Keep these calls from the reaper; returns those whose holds are still open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_extend(%s::text[], %s)", [list(calls), ttl_seconds])
        return {call for (call,) in cursor.fetchall()}


def reap(now: datetime | None = None) -> int:
    """Give back what abandoned calls hold, organization by organization; returns how many calls."""
    overdue = Hold.objects.overdue(now or timezone.now()).values_list("org_id", flat=True).distinct().order_by("org_id")
    return sum(_call("SELECT ledger_reap(%s, %s)", org_id, now)[0] for org_id in list(overdue))


def expire() -> int:
    """Expire lots that ran out and begin periods that are due; returns how many pools were tidied."""
    due = list(Pool.objects.filter(due_at__lte=timezone.now()).values_list("org_id", flat=True).order_by("org_id"))
    for org_id in due:
        _call("SELECT ledger_expire(%s)", org_id)
    return len(due)


def revoke(org_id: UUID, *, source_key: str, total_ucr: int) -> tuple[int, int]:
    """Take back this much of a lot, all refunds of it together. Returns what is revoked and what is still owed.

    Told twice, it changes nothing. What is spent stays spent; what is held is taken when it comes back.
    """
    revoked_ucr, owed_ucr = _call("SELECT * FROM ledger_revoke(%s, %s, %s)", org_id, source_key, total_ucr)
    if revoked_ucr is None:
        raise LookupError(f"no lot {source_key!r} in this organization")
    return revoked_ucr, owed_ucr


def freeze(org_id: UUID, *, source_key: str) -> int:
    """Let nothing of this lot be spent while its payment is disputed; returns how much was free until now."""
    return _moved(_call("SELECT ledger_freeze(%s, %s, true)", org_id, source_key), source_key)


def thaw(org_id: UUID, *, source_key: str) -> int:
    """Free what is frozen of this lot; what ran out meanwhile expires. Returns how much it was."""
    return _moved(_call("SELECT ledger_freeze(%s, %s, false)", org_id, source_key), source_key)


def _moved(row: tuple[int | None], source_key: str) -> int:
    if row[0] is None:
        raise LookupError(f"no lot {source_key!r} in this organization")
    return row[0]


def move_anchor(org_id: UUID, *, anchor_at: datetime) -> None:
    """Count the months of the pool from another instant on; what was spent in the one that is running then counts."""
    _call("SELECT ledger_move_anchor(%s, %s)", org_id, anchor_at)


def cap(org_id: UUID, *, scope: str, scope_id: UUID, limit_ucr: int | None) -> None:
    """Set what a member, Space or key may spend in a period; None takes it away, or leaves a member to the default.

    What was spent in this period counts.
    """
    _call("SELECT ledger_cap(%s, %s, %s, %s)", org_id, scope, scope_id, limit_ucr)


def cap_default(org_id: UUID, *, limit_ucr: int | None) -> None:
    """Set what each member may spend in a period who has no cap of their own; None takes it away."""
    _call("SELECT ledger_cap_default(%s, %s)", org_id, limit_ucr)


def cap_raise(org_id: UUID, *, scope: str, scope_id: UUID, amount_ucr: int, is_for_good: bool) -> bool:
    """Give more under a cap, in this period or for good. False where there is no cap."""
    return bool(
        _call("SELECT ledger_cap_raise(%s, %s, %s, %s, %s)", org_id, scope, scope_id, amount_ucr, is_for_good)[0]
    )


def balance(org_id: UUID) -> Balance:
    """What the organization has this instant; lots that ran out do not count, swept or not. Raises NoPool."""
    pool = Pool.objects.filter(org_id=org_id).first()
    if pool is None:
        raise NoPool
    if pool.due_at <= timezone.now():
        _call("SELECT ledger_expire(%s)", org_id)
        pool.refresh_from_db()
    period = pool.period_starts_at, pool.period_ends_at, pool.period_spent_ucr
    return Balance(pool.free_ucr, pool.held_ucr, *period, pool.is_capped)


def _require(status: str) -> None:
    if status == "no_pool":
        raise NoPool
    if status == "unpriced":
        raise Unpriced
    if status == "foreign":
        raise ForeignCall


def _plain(attempt: Attempt) -> dict[str, object]:
    """The attempt as ledger_record reads it."""
    return {
        "number": attempt.number,
        "price": attempt.price_id,
        "provider": _text(attempt.provider, 80),
        "model": _text(attempt.model, 200),
        "request_id": _text(attempt.request_id, 200),
        "prompt": _count(attempt.prompt_tokens),
        "cached": _count(attempt.cached_tokens),
        "cache_write": _count(attempt.cache_write_tokens),
        "completion": _count(attempt.completion_tokens),
        "reasoning": _count(attempt.reasoning_tokens),
        "source": attempt.usage_source,
        "delivered": attempt.is_delivered,
        "odd": attempt.is_odd,
        "own_key": attempt.is_own_key,
    }


def _text(text: str, longest: int) -> str:
    """Ids come from outside: cut them, and drop what PostgreSQL does not store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]


def _count(tokens: int) -> int:
    """What no BIGINT holds becomes what ledger_record will call odd."""
    return max(-1, min(tokens, MOST_TOKENS + 1))
