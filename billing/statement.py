"""The statement of one period: what there was, what came, what went, and what there is.

*Called by*: chat.views.statements. *Keeps true*: everything on it is a sum of moves, so that opening and all lines come
to closing exactly; what there was is reckoned back from what there is now, under one reading of the books.
*Why* what open calls hold counts as there: it is still the organization's. What a dispute has frozen is not.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from billing import usage
from billing.models import Lot, LotKind
from billing.periods import Period
from billing.refusals import NoPool
from billing.usage import Question, Sums

_HAD = ("free", "held")


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits that came in one lot; `paid_minor` is what was paid for them, if anything was."""

    lot: Lot
    amount_ucr: int

    @property
    def is_bought(self) -> bool:
        return bool(self.lot.kind == LotKind.TOPUP)


@dataclass(frozen=True, slots=True)
class Gone:
    """Credits of one lot that ran out, were taken back, were frozen or were freed again."""

    lot: Lot
    amount_ucr: int


@dataclass(frozen=True, slots=True)
class Statement:
    """All amounts are of what happened: those of `spent`, `expired`, `revoked` and `frozen` went out."""

    period: Period
    opening_ucr: int
    granted: list[Grant]
    bought: list[Grant]
    spent_ucr: int
    expired: list[Gone]
    revoked: list[Gone]
    frozen: list[Gone]
    thawed: list[Gone]
    closing_ucr: int
    # Frozen at the end, which is no part of closing; and held by open calls now, which is.
    frozen_ucr: int
    held_ucr: int
    by_model: dict[str, Sums]

    @property
    def lines_ucr(self) -> int:
        granted = sum(each.amount_ucr for each in [*self.granted, *self.bought])
        thawed = sum(each.amount_ucr for each in self.thawed)
        gone = sum(each.amount_ucr for each in [*self.expired, *self.revoked, *self.frozen])
        return granted + thawed - self.spent_ucr - gone


def of(org_id: UUID, period: Period) -> Statement:
    """The statement of a period, or of what has passed of it. Raises NoPool."""
    now, moves = _read(org_id, period)
    within = [move for move in moves if move.is_within]
    lots = Lot.objects.in_bulk({move.lot_id for move in within if move.lot_id is not None})
    grants = [Grant(lots[move.lot_id], move.amount_ucr) for move in within if move.src == "issued"]
    gone = {
        kind: [Gone(lots[move.lot_id], move.amount_ucr) for move in within if move.dst == kind and move.src in _HAD]
        for kind in ("expired", "revoked", "frozen")
    }
    after_ucr = sum(_change(move) for move in moves if not move.is_within)
    closing_ucr = now.has_ucr - after_ucr
    return Statement(
        period,
        opening_ucr=closing_ucr - sum(_change(move) for move in within),
        granted=[each for each in grants if not each.is_bought],
        bought=[each for each in grants if each.is_bought],
        spent_ucr=sum(move.amount_ucr for move in within if move.dst == "spent"),
        **gone,
        thawed=[Gone(lots[move.lot_id], move.amount_ucr) for move in within if (move.src, move.dst) == _THAW],
        closing_ucr=closing_ucr,
        frozen_ucr=now.frozen_ucr - sum(_froze(move) for move in moves if not move.is_within),
        held_ucr=now.held_ucr,
        by_model=usage.report(Question(org_id, period.starts_at, period.ends_at)).by["model"],
    )


_THAW = ("frozen", "free")


@dataclass(frozen=True, slots=True)
class _Now:
    has_ucr: int
    held_ucr: int
    frozen_ucr: int


@dataclass(frozen=True, slots=True)
class _Moves:
    """Moves of one lot between the same buckets; those of calls to "spent" of all lots together (no lot)."""

    is_within: bool
    src: str
    dst: str
    lot_id: int
    first_at: datetime
    amount_ucr: int


def _read(org_id: UUID, period: Period) -> tuple[_Now, list[_Moves]]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"org": org_id, "from": period.starts_at, "to": period.ends_at})
        rows = cursor.fetchall()
    if not rows:
        raise NoPool
    return _Now(*rows[0][:3]), [_Moves(*row[3:]) for row in rows if row[3] is not None]


def _change(move: _Moves) -> int:
    """What it did to what there is."""
    return move.amount_ucr * ((move.dst in _HAD) - (move.src in _HAD))


def _froze(move: _Moves) -> int:
    return move.amount_ucr * ((move.dst == "frozen") - (move.src == "frozen"))


# One statement sees one moment: the pool as it is and the moves that made it so.
_SQL = """
    SELECT p.free_ucr + p.held_ucr, p.held_ucr,
        (SELECT coalesce(sum(l.frozen_ucr), 0)::bigint FROM billing_lot l WHERE l.org_id = p.org_id), m.*
    FROM billing_pool p LEFT JOIN LATERAL (
        SELECT at < %(to)s, src, dst, CASE WHEN dst <> 'spent' THEN lot_id END, min(at), sum(amount_ucr)::bigint
        FROM billing_move WHERE org_id = p.org_id AND at >= %(from)s AND kind NOT IN ('hold', 'release')
        GROUP BY 1, 2, 3, 4
    ) m ON true
    WHERE p.org_id = %(org)s ORDER BY 8"""
