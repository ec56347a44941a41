"""What Stripe says of a subscription, made true here: the plan, its seats, how long it is paid, and its credits.

*Called by*: billing.events, billing.plan_changes, billing.tasks. *Keeps true*: an account follows its subscription and
never the other way round; while a payment is overdue what was granted stays and nothing new is granted; once it is over
the organization is on Starter, at the end of what was paid.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing import customers, grants, invoices, plans, refunds, stripe_api, surplus
from billing.customers import Note, unnoted
from billing.models import Account, Plan, Subscription, SubscriptionStatus
from billing.models.plan import Interval
from billing.storefront import BASE, SEAT
from billing.stripe_facts import InvoiceFacts, SubscriptionFacts

ENTITLED = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
OVER = (SubscriptionStatus.CANCELED, SubscriptionStatus.EXPIRED)


def read(customer_id: str, subscription_id: str, invoice_id: str = "", *, note: Note = unnoted) -> str:
    """Ask Stripe what is true of a subscription and one invoice of it (its latest, if none is named), and make it so.

    Returns what came of it. Safe to run twice and in any order; the caller has the customer's turn.
    """
    account = customers.account_of(customer_id)
    if account is None:
        return ""
    now = stripe_api.subscription(subscription_id) if subscription_id else None
    invoice_id = invoice_id or (now.invoice_id if now else "")
    invoice = stripe_api.invoice(invoice_id) if invoice_id else None
    lines = grants.bought(invoice) if invoice else []
    payment = refunds.look_up(invoice.payment_id) if invoice and invoice.is_paid and invoice.payment_id else None
    later = stripe_api.planned(now.schedule_id) if now and now.schedule_id else []
    marks = {price_id: stripe_api.price(price_id).metadata for price_id, _quantity in later}
    intervals = {price_id: stripe_api.price(price_id).interval for price_id, _quantity in later}
    planned = [(marks[price_id], intervals[price_id], quantity) for price_id, quantity in later]
    with transaction.atomic():
        account = customers.locked(account.org_id)
        row = take(account, now, planned) if now else None
        granted = _take_invoice(account, row, now, invoice, lines, payment)
        settle(account)
        said = now.status if now else "kept the invoice"
        if now and row is None:
            said += ", but of no plan here, or beside another subscription: nothing was changed"
        elif granted:
            said += ", granted"
        note(said)
    return said


def take(
    account: Account, now: SubscriptionFacts, planned: list[tuple[dict[str, str], str, int]]
) -> Subscription | None:
    """Keep a copy of the subscription. None where it is of no plan of ours, or a second one beside one that lives."""
    parts = {each.metadata.get("part", ""): each for each in now.items if each.metadata.get("plan")}
    base = parts.get(BASE) or parts.get(SEAT)
    if base is None or not Plan.objects.filter(slug=base.metadata["plan"]).exists():
        return None
    others = account.org.subscriptions.filter(ended_at=None).exclude(id=now.id)
    if now.ended_at is None and now.status not in OVER and others.exists():
        return None
    ended_at = now.ended_at or (timezone.now() if now.status in OVER else None)
    row, _ = Subscription.objects.update_or_create(
        id=now.id,
        defaults={
            "org_id": account.org_id,
            "status": now.status,
            "plan_id": base.metadata["plan"],
            "interval": base.interval,
            "currency": now.currency,
            "seats": parts[SEAT].quantity if SEAT in parts else 1,
            "anchor_at": now.anchor_at,
            "period_starts_at": now.starts_at,
            "period_ends_at": now.ends_at,
            "trial_ends_at": now.trial_ends_at,
            "cancels_at": None if ended_at else now.cancels_at,
            "ended_at": ended_at,
            "schedule_id": now.schedule_id,
            "read_at": timezone.now(),
            **_next(planned),
        },
    )
    return row


def _next(planned: list[tuple[dict[str, str], str, int]]) -> dict[str, object]:
    """What begins with the next period, as columns of the copy."""
    seats = [quantity for marks, _interval, quantity in planned if marks.get("part") == SEAT]
    named = [(marks["plan"], interval) for marks, interval, _quantity in planned if marks.get("plan")]
    if not named:
        return {"next_plan_id": None, "next_interval": "", "next_seats": None}
    plan, interval = named[0]
    return {"next_plan_id": plan, "next_interval": interval, "next_seats": seats[0] if seats else 1}


def _take_invoice(
    account: Account,
    row: Subscription | None,
    now: SubscriptionFacts | None,
    invoice: InvoiceFacts | None,
    lines: list[grants.Bought],
    payment: refunds.Paid | None,
) -> int:
    """Keep the invoice, and give what it brings once it is paid; a refund of it may have been told before it was."""
    if invoice is None or invoice.customer_id != account.customer_id:
        return 0
    invoices.keep(account, invoice)
    if invoice.is_paid and not account.currency:
        account.currency = invoice.currency
        account.save(update_fields=["currency"])
    if row is None or now is None or not invoice.is_paid or invoice.subscription_id != now.id:
        return 0
    granted = grants.grant(account, row, invoice, lines, now.anchor_at)
    if payment:
        refunds.take_back(account, payment)
    return granted


def settle(account: Account, now: datetime | None = None) -> None:
    """Put the account on what its subscriptions come to at this moment; the account is locked."""
    now = now or timezone.now()
    rows = list(account.org.subscriptions.select_related("plan").order_by("period_ends_at"))
    live = [row for row in rows if row.status in ENTITLED and row.ended_at is None and row.paid_until]
    if live:
        _follow(account, live[-1])
        surplus.settle(account.org)
    elif not account.grants_by_calendar and not any(_is_paid_on(row, now) for row in rows):
        _fall_back(account, now)
        surplus.settle(account.org)


def _is_paid_on(row: Subscription, now: datetime) -> bool:
    """Whether what was paid of a subscription that is over reaches beyond now, and beyond its own end."""
    if row.paid_until is None or row.paid_until <= now:
        return False
    return row.ended_at is None or row.ended_at < row.paid_until


def _follow(account: Account, row: Subscription) -> None:
    account.plan, account.seats = row.plan, row.seats
    account.grants_by_calendar = False
    if account.anchor_at != row.anchor_at:
        plans.move_anchor(account, row.anchor_at)
    if row.interval == Interval.MONTH:
        account.next_grant_at = row.paid_until or row.period_ends_at
    account.next_grant_at = max(account.next_grant_at, account.anchor_at)
    account.save()


def _fall_back(account: Account, now: datetime) -> None:
    """The subscription is over: Starter, whose credits come by the calendar again. Nothing is taken away or deleted."""
    account.plan, account.seats, account.grants_by_calendar = Plan.objects.get(slug=plans.STARTER), 1, True
    plans.grant_period(account, now)


def settle_due(now: datetime | None = None) -> int:
    """End what is paid no longer, and give years their next month; returns how many accounts were looked at."""
    now = now or timezone.now()
    followers = Account.objects.filter(grants_by_calendar=False)
    over = followers.exclude(org__subscriptions__status__in=ENTITLED)
    yearly = followers.filter(next_grant_at__lte=now, org__subscriptions__interval=Interval.YEAR)
    due = set(over.values_list("org_id", flat=True)) | set(yearly.values_list("org_id", flat=True))
    for org_id in sorted(due):
        with transaction.atomic():
            account = customers.locked(org_id)
            settle(account, now)
            row = account.org.subscriptions.select_related("plan").filter(interval=Interval.YEAR, ended_at=None).first()
            if row and row.status in ENTITLED:
                grants.grant_month(account, row, now)
    return len(due)
