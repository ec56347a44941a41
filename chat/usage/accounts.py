"""A statement in words and figures.

*Called by*: chat.views.statements. *Keeps true*: every figure has all its digits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing import credits, money
from billing.models import Lot, LotKind
from billing.statement import Gone, Grant, Statement
from chat.usage.names import Names
from workspace.models import Member


@dataclass(frozen=True)
class Line:
    """One line of a part: what it was, what more there is to say, when, and how much (with its sign)."""

    name: str
    more: str
    at: datetime | None
    amount: str


@dataclass(frozen=True)
class Part:
    title: str
    lines: list[Line]
    total: str


def lines(made: Statement, reader: Member) -> dict[str, Any]:
    """What the template of a statement shows."""
    parts = [
        _part(_("Granted"), [_granted(each) for each in made.granted], _sum(made.granted)),
        _part(_("Bought"), [_granted(each) for each in made.bought], _sum(made.bought)),
        _part(_("Used, by model"), _by_model(made, Names(reader)), -made.spent_ucr),
        _part(_("Ran out"), [_gone(each) for each in made.expired], -_sum(made.expired)),
        _part(_("Taken back after refunds"), [_gone(each) for each in made.revoked], -_sum(made.revoked)),
        _part(_("Frozen by disputes"), [_gone(each) for each in made.frozen], -_sum(made.frozen)),
        _part(_("Freed after disputes"), [_gone(each, sign=1) for each in made.thawed], _sum(made.thawed)),
    ]
    return {
        "opening": credits.format_exact(made.opening_ucr),
        "closing": credits.format_exact(made.closing_ucr),
        "change": _signed(made.lines_ucr),
        "parts": [part for part in parts if part.lines],
        "frozen": credits.format_exact(made.frozen_ucr) if made.frozen_ucr else "",
        "held": credits.format_exact(made.held_ucr) if made.held_ucr and made.period.is_running else "",
    }


def _part(title: str, found: list[Line], total_ucr: int) -> Part:
    return Part(title, found, _signed(total_ucr))


def _granted(each: Grant) -> Line:
    paid = money.text(each.lot.paid_minor, each.lot.currency) if each.lot.paid_minor and each.lot.currency else ""
    more = " · ".join(filter(None, [each.lot.note, _("paid {sum}").format(sum=paid) if paid else ""]))
    return Line(_kind(each.lot), more, each.lot.effective_at, _signed(each.amount_ucr))


def _gone(each: Gone, *, sign: int = -1) -> Line:
    return Line(_kind(each.lot), each.lot.note, None, _signed(sign * each.amount_ucr))


def _by_model(made: Statement, names: Names) -> list[Line]:
    names.learn("model", made.by_model)
    dearest = sorted(made.by_model.items(), key=lambda each: (-each[1].spent_ucr, each[0]))
    return [Line(names.of("model", key), "", None, _signed(-sums.spent_ucr)) for key, sums in dearest if sums.spent_ucr]


def _kind(lot: Lot) -> str:
    return {
        LotKind.STARTER: _("Starter credits"),
        LotKind.PLAN: _("Plan credits"),
        LotKind.SEAT: _("Seat credits"),
        LotKind.PROMO: _("Promotional credits"),
        LotKind.TOPUP: _("Top-up"),
        LotKind.ADJUST: _("Correction"),
    }[LotKind(lot.kind)]


def _sum(rows: Iterable[Grant | Gone]) -> int:
    return sum(each.amount_ucr for each in rows)


def _signed(ucr: int) -> str:
    """With a plus or a true minus before it."""
    return ("+" if ucr > 0 else "−" if ucr < 0 else "") + credits.format_exact(abs(ucr))
