"""Top-ups: a pack of credits, bought on the provider's page or by itself (billing.recharges).

*Called by*: billing.events, billing.recharges, the plan page. *Keeps true*: a payment brings its credits once, under
its own id, whoever tells of it first: the page that the buyer returns to, the payment's event or the session's.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import credits, customers, ledger, refunds, storefront, stripe_api
from billing.customers import Note, unnoted
from billing.models import Account, LotKind, Pack, Purchase, PurchaseState
from billing.models.plan import LIST_CURRENCY
from billing.stripe_facts import PaymentFacts, SessionFacts
from workspace import audit
from workspace.errors import Invalid, NotFound
from workspace.models import Member


def begin(buyer: Member, pack_slug: str, *, currency: str = "", done_url: str, back_url: str, key: str) -> str:
    """Open a page on which the pack is paid; returns its address."""
    pack = Pack.objects.filter(slug=pack_slug).first()
    if pack is None:
        raise NotFound
    customer_id = customers.customer_of(buyer.org, buyer)
    account = Account.objects.get(org=buyer.org)
    currency = account.currency or currency or LIST_CURRENCY
    amount_minor = pack.amount_minor(currency)
    if amount_minor is None:
        raise Invalid
    purchase = Purchase.objects.create(
        org=buyer.org, member_id=buyer.pk, pack=pack, amount_minor=amount_minor, currency=currency
    )
    session = visit(purchase, customer_id, done_url=done_url, back_url=back_url, key=key)
    audit.record(buyer.org, buyer, "topup.begun", pack.slug)
    return session.url


def visit(purchase: Purchase, customer_id: str, *, done_url: str, back_url: str, key: str) -> SessionFacts:
    """A page on which this purchase is paid."""
    session = stripe_api.open_checkout(
        customer_id,
        mode="payment",
        prices=[(storefront.price_ids([storefront.pack_key(purchase.pack_id)])[0], 1)],
        currency=purchase.currency,
        metadata=marks(purchase),
        done_url=done_url,
        back_url=back_url,
        key=key,
    )
    Purchase.objects.filter(pk=purchase.pk).update(session_id=session.id)
    return session


def marks(purchase: Purchase) -> dict[str, str]:
    """What a payment carries, so that it is known again, even were the pack another by then."""
    return {
        "org": str(purchase.org_id),
        "purchase": str(purchase.pk),
        "pack": purchase.pack_id,
        "credits": str(purchase.pack.credits),
    }


def read(customer_id: str, payment_id: str, *, note: Note = unnoted) -> str:
    """Ask Stripe what became of a payment, and make it so. The caller has the customer's turn."""
    account = customers.account_of(customer_id)
    if account is None:
        return ""
    paid = refunds.look_up(payment_id)
    if paid.payment.customer_id != customer_id:
        return ""
    with transaction.atomic():
        account = customers.locked(account.org_id)
        said = _take(account, paid.payment)
        _note_refunds(paid)
        if refunds.take_back(account, paid):
            said += ", and what refunds and disputes come to"
        note(said)
    return said


def read_session(customer_id: str, session: SessionFacts, *, note: Note = unnoted) -> str:
    """What became of a visit to the page. One that a coupon made free has no payment, and is granted too."""
    if session.payment_id:
        return read(customer_id, session.payment_id, note=note)
    account = customers.account_of(customer_id)
    if account is None or "purchase" not in session.metadata:
        return ""
    with transaction.atomic():
        account = customers.locked(account.org_id)
        rows = Purchase.objects.filter(pk=session.metadata["purchase"], org_id=account.org_id)
        if session.status == "expired":
            rows.exclude(state=PurchaseState.PAID).update(state=PurchaseState.FAILED, problem="expired")
            said = "the page was left unpaid"
        elif not session.is_paid:
            said = "not paid yet"
        else:
            rows.update(state=PurchaseState.PAID, paid_at=timezone.now(), amount_minor=0)
            _grant(account, session.metadata, key=f"topup:{session.id}", paid_minor=0, currency="")
            said = "granted"
        note(said)
    return said


def _take(account: Account, payment: PaymentFacts) -> str:
    if "pack" not in payment.metadata:
        return payment.status
    rows = Purchase.objects.filter(org_id=account.org_id, pk=UUID(payment.metadata["purchase"]))
    if payment.status == "succeeded":
        known = {"state": PurchaseState.PAID, "payment_id": payment.id, "amount_minor": payment.paid_minor}
        rows.exclude(state=PurchaseState.PAID).update(**known, paid_at=timezone.now(), problem="")
        is_new = _grant(
            account,
            payment.metadata,
            key=f"topup:{payment.id}",
            paid_minor=payment.paid_minor,
            currency=payment.currency,
        )
        if not account.currency:
            account.currency = payment.currency
            account.save(update_fields=["currency"])
        return "granted" if is_new else "granted before"
    if payment.status == "canceled":
        rows.exclude(state=PurchaseState.PAID).update(state=PurchaseState.FAILED, problem="canceled")
    elif payment.problem:
        rows.exclude(state=PurchaseState.PAID).update(problem=payment.problem)
    return payment.status


def _grant(account: Account, marked: dict[str, str], *, key: str, paid_minor: int, currency: str) -> bool:
    return ledger.grant(
        account.org_id,
        kind=LotKind.TOPUP,
        amount_ucr=int(marked["credits"]) * credits.UCR_PER_CREDIT,
        source_key=key,
        paid_minor=paid_minor,
        currency=currency,
    )


def _note_refunds(paid: refunds.Paid) -> None:
    Purchase.objects.filter(payment_id=paid.payment.id).update(
        refunded_minor=paid.payment.refunded_minor, is_disputed=any(each.is_open for each in paid.disputes)
    )


def return_url(path: str) -> str:
    return f"{settings.PARLEY_URL}{path}"
