"""What refunds and disputes take back: credits of the lots that a payment brought.

*Called by*: billing.subscriptions, billing.purchases. *Keeps true*: as large a part of a lot is revoked as of its
payment was given back, all refunds together, rounded down; what is spent by then is owed, never taken from another lot;
while a payment is disputed its lots can be neither spent nor lost.
"""

from dataclasses import dataclass

from django.db.models import Q

from billing import ledger, stripe_api
from billing.models import Account, Invoice, Lot
from billing.stripe_facts import DisputeFacts, PaymentFacts


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, and the disputes about it."""

    payment: PaymentFacts
    disputes: tuple[DisputeFacts, ...]


def look_up(payment_id: str) -> Paid:
    payment = stripe_api.payment(payment_id)
    return Paid(payment, tuple(stripe_api.disputes(payment_id)) if payment.is_disputed else ())


def take_back(account: Account, paid: Paid) -> bool:
    """Make the lots of this payment what its refunds and disputes come to. Says whether anything was taken or given."""
    payment = paid.payment
    is_disputed = any(each.is_open for each in paid.disputes)
    lost_minor = sum(each.amount_minor for each in paid.disputes if each.status == "lost")
    gone_minor = payment.refunded_minor + lost_minor
    if not payment.paid_minor or not (gone_minor or paid.disputes):
        return False
    for lot in lots_of(account, payment.id):
        if gone_minor:
            total_ucr = lot.granted_ucr * min(gone_minor, payment.paid_minor) // payment.paid_minor
            ledger.revoke(account.org_id, source_key=lot.source_key, total_ucr=total_ucr)
        if is_disputed and not lot.is_frozen:
            ledger.freeze(account.org_id, source_key=lot.source_key)
        elif lot.is_frozen and not is_disputed:
            ledger.thaw(account.org_id, source_key=lot.source_key)
    return True


def lots_of(account: Account, payment_id: str) -> list[Lot]:
    """The lots that a payment brought, by itself or by the invoice that it paid."""
    of_payment = Q(source_key=f"topup:{payment_id}")
    for invoice in Invoice.objects.filter(org_id=account.org_id, payment_id=payment_id):
        of_payment |= Q(source_key=f"plan:{invoice.pk}") | Q(source_key__startswith=f"plan:{invoice.pk}:")
        of_payment |= Q(source_key__startswith="seat:", source_key__endswith=f":{invoice.pk}")
    return list(Lot.objects.filter(of_payment, org_id=account.org_id).order_by("id"))
