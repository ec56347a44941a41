"""What a paid invoice brings in credits: a month of the plan, or the rest of one for what was added within it.

*Called by*: billing.subscriptions. *Keeps true*: an invoice brings each of its lots once, however often and in what
order it is told; what is granted follows from the lines that were paid, never from what the subscription is by now.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from billing import ledger, stripe_api
from billing.models import Account, LotKind, Plan, Subscription
from billing.models.plan import Interval
from billing.plans import period_number, period_start
from billing.storefront import SEAT
from billing.stripe_facts import InvoiceFacts, Line


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of an invoice that is of one of our plans."""

    line: Line
    plan: Plan
    interval: str
    is_seat: bool

    @property
    def monthly_ucr(self) -> int:
        each = self.plan.seat_grant_ucr if self.is_seat else self.plan.monthly_grant_ucr
        return each * self.line.quantity


def bought(invoice: InvoiceFacts) -> list[Bought]:
    """Asks Stripe what each price stands for, where that is not known yet."""
    plans = {plan.slug: plan for plan in Plan.objects.all()}
    found = []
    for line in invoice.lines:
        price = stripe_api.price(line.price_id) if line.price_id else None
        if price and (plan := plans.get(price.metadata.get("plan", ""))):
            found.append(Bought(line, plan, price.interval, price.metadata.get("part") == SEAT))
    return found


def grant(account: Account, row: Subscription, invoice: InvoiceFacts, lines: list[Bought], anchor_at: datetime) -> int:
    """Give what a paid invoice brings, and note until when is paid; returns how many lots are new."""
    whole = [each for each in lines if not each.line.is_proration]
    granted = 0
    if whole:
        starts_at, ends_at = whole[0].line.starts_at, max(each.line.ends_at for each in whole)
        granted += _lot(
            account,
            invoice,
            kind=LotKind.PLAN,
            key=f"plan:{invoice.id}",
            amount_ucr=sum(each.monthly_ucr for each in whole),
            expires_at=min(ends_at, period_start(starts_at, 1)) if row.interval == Interval.YEAR else ends_at,
        )
        if row.paid_until is None or ends_at > row.paid_until:
            row.paid_invoice_id, row.paid_from, row.paid_until = invoice.id, starts_at, ends_at
            row.save(update_fields=["paid_invoice_id", "paid_from", "paid_until"])
    return granted + _grant_rest(account, row, invoice, [each for each in lines if each.line.is_proration], anchor_at)


def _grant_rest(
    account: Account, row: Subscription, invoice: InvoiceFacts, changed: list[Bought], anchor_at: datetime
) -> int:
    """For what was added within a month: floor(credits a month x seconds left / seconds of the month).

    Lines that give money back count against it. What is left over from a month that is gone brings nothing.
    """
    if not changed:
        return 0
    at = max(each.line.starts_at for each in changed)
    number = period_number(anchor_at, at)
    starts_at, ends_at = period_start(anchor_at, number), period_start(anchor_at, number + 1)
    more_ucr = sum(each.monthly_ucr if each.line.amount_minor >= 0 else -each.monthly_ucr for each in changed)
    amount_ucr = more_ucr * seconds(at, ends_at) // seconds(starts_at, ends_at)
    if amount_ucr <= 0 or ends_at <= invoice.created_at:
        return 0
    key = f"seat:{row.id}:{int(starts_at.timestamp())}:{invoice.id}"
    return _lot(account, invoice, kind=LotKind.SEAT, key=key, amount_ucr=amount_ucr, expires_at=ends_at)


def grant_month(account: Account, row: Subscription, now: datetime) -> bool:
    """A year was paid at once, and is given month by month. Safe to run twice; a month that was missed is gone."""
    if row.paid_from is None or row.paid_until is None or not row.paid_from <= now < row.paid_until:
        return False
    number = period_number(row.paid_from, now)
    account.next_grant_at = max(period_start(row.paid_from, number + 1), account.anchor_at)
    account.save(update_fields=["next_grant_at"])
    return number > 0 and ledger.grant(
        account.org_id,
        kind=LotKind.PLAN,
        amount_ucr=row.plan.grant_ucr(row.seats),
        source_key=f"plan:{row.paid_invoice_id}:{number}",
        expires_at=min(account.next_grant_at, row.paid_until),
    )


def seconds(start: datetime, end: datetime) -> int:
    return int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())


def _lot(
    account: Account, invoice: InvoiceFacts, *, kind: str, key: str, amount_ucr: int, expires_at: datetime
) -> bool:
    return amount_ucr > 0 and ledger.grant(
        account.org_id,
        kind=kind,
        amount_ucr=amount_ucr,
        source_key=key,
        expires_at=expires_at,
        paid_minor=invoice.paid_minor,
        currency=invoice.currency,
        note=invoice.number,
    )
