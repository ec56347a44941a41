"""What an admin does with the plan: subscribe, change plan or seats, cancel, resume, pay what is overdue.

*Called by*: the plan page. *Keeps true*: Stripe is asked first and the account follows what it says then; more begins
at once and is billed for the rest of the period, less begins with the next one; a card that declines changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import customers, purchases, storefront, stripe_api, subscriptions
from billing.models import Account, Plan, Subscription, SubscriptionStatus
from billing.models.plan import LIST_CURRENCY, Interval
from billing.stripe_facts import SubscriptionFacts, Thing
from workspace import access, audit
from workspace.errors import Invalid, NotFound, Refused
from workspace.models import Member, Org

SEATS_MOST = 10_000


class NotSubscribed(Refused):
    code = "not_subscribed"
    status = 409


@dataclass(frozen=True, slots=True)
class Wish:
    plan: Plan
    interval: str
    seats: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would cost. `due_minor` is charged now (0 where it begins later); `each_minor` each period."""

    is_now: bool
    begins_at: datetime
    due_minor: int
    each_minor: int
    currency: str


def wish(org: Org, *, plan: str, interval: str, seats: int) -> Wish:
    """Read a wish. Raises Invalid with a sentence for what cannot be had."""
    found = Plan.objects.prefetch_related("prices").filter(slug=plan).first()
    if found is None or interval not in Interval.values or found.price(interval, LIST_CURRENCY) is None:
        raise Invalid(_("That plan is not for sale here."))
    least = Member.objects.present().filter(org=org).count()
    if seats < least:
        raise Invalid(ngettext("There is {count} member, so at least {count} seat is needed.",
            "There are {count} members, so at least {count} seats are needed.", least).format(count=least))  # fmt: skip
    if seats > SEATS_MOST:
        raise Invalid(_("At most {count} seats can be had here.").format(count=SEATS_MOST))
    return Wish(found, interval, seats)


def subscribe(admin: Member, wanted: Wish, *, currency: str = "", done_url: str, back_url: str, key: str) -> str:
    """Open the page on which the first payment is made; returns its address."""
    access.require_admin(admin)
    if live(admin.org):
        raise NotSubscribed(_("There is a subscription already. It can be changed on the page of the plan."))
    customer_id = customers.customer_of(admin.org, admin)
    account = Account.objects.get(org=admin.org)
    currency = account.currency or currency or LIST_CURRENCY
    if wanted.plan.price(wanted.interval, currency) is None:
        raise Invalid(_("That plan has no price in this currency."))
    stripe_api.close_checkouts(customer_id)
    keys = [storefront.plan_key(wanted.plan.slug, part, wanted.interval) for part in (storefront.BASE, storefront.SEAT)]
    base, seat = storefront.price_ids(keys)
    is_first = not admin.org.subscriptions.exists()
    session = stripe_api.open_checkout(
        customer_id,
        mode="subscription",
        prices=[(base, 1), (seat, wanted.seats)],
        currency=currency,
        metadata={"org": str(admin.org_id), "plan": wanted.plan.slug},
        done_url=done_url,
        back_url=back_url,
        trial_days=settings.STRIPE_TRIAL_DAYS if is_first else 0,
        key=key,
    )
    audit.record(admin.org, admin, "plan.checkout_begun", wanted.plan.slug, seats=wanted.seats)
    return session.url


def finish(org: Org, session_id: str) -> str:
    """Whoever returns from Checkout sees at once what they bought: read it now, as its events will once more."""
    session = stripe_api.checkout(session_id)
    account = Account.objects.get(org=org)
    if not account.customer_id or session.customer_id != account.customer_id:
        raise NotFound
    with customers.turn(account.customer_id):
        if session.mode == "subscription":
            return subscriptions.read(account.customer_id, session.subscription_id) if session.subscription_id else ""
        return purchases.read_session(account.customer_id, session)


def live(org: Org) -> Subscription | None:
    """The subscription that has not ended; one that was never paid does not count."""
    rows = org.subscriptions.select_related("plan", "next_plan").filter(ended_at=None)
    return rows.exclude(status__in=(SubscriptionStatus.INCOMPLETE, *subscriptions.OVER)).first()


def preview(admin: Member, wanted: Wish, *, at: datetime | None = None) -> Preview:
    """What a change would cost, asked of Stripe for this very second."""
    access.require_admin(admin)
    row = _changeable(admin.org)
    price = wanted.plan.price(wanted.interval, row.currency)
    if price is None:
        raise Invalid(_("That plan has no price in this currency."))
    each_minor = price.total_minor(wanted.seats)
    if not _is_more(row, wanted):
        return Preview(False, row.period_ends_at, 0, each_minor, row.currency)
    at = at or timezone.now()
    if row.status == SubscriptionStatus.TRIALING:
        return Preview(True, at, 0, each_minor, row.currency)
    now = stripe_api.subscription(row.id)
    invoice = stripe_api.preview(now, _items(now, wanted), at=at)
    return Preview(True, at, max(invoice.due_minor, 0), each_minor, row.currency)


def change(admin: Member, wanted: Wish, *, at: datetime | None = None, key: str) -> Subscription:
    """Another plan, rhythm or number of seats: more at once, less with the next period. The last wish counts."""
    access.require_admin(admin)
    row = _changeable(admin.org)
    customer_id = customers.customer_of(admin.org, admin)
    with customers.turn(customer_id):
        now = stripe_api.subscription(row.id)
        if now.schedule_id:
            stripe_api.drop_plans(now.schedule_id)
        is_same = (row.plan_id, row.interval, row.seats) == (wanted.plan.slug, wanted.interval, wanted.seats)
        if not is_same and _is_more(row, wanted):
            prorate = row.status != SubscriptionStatus.TRIALING
            stripe_api.change(now, _items(now, wanted), at=at or timezone.now(), prorate=prorate, key=key)
        elif not is_same:
            items = [{"price": each["price"], "quantity": each["quantity"]} for each in _items(now, wanted)]
            stripe_api.change_later(now, items, interval=wanted.interval, key=key)
        subscriptions.read(customer_id, row.id)
    audit.record(
        admin.org,
        admin,
        "plan.changed",
        wanted.plan.slug,
        seats=wanted.seats,
        interval=wanted.interval,
        before=row.seats,
    )
    row.refresh_from_db()
    return row


def cancel(admin: Member) -> Subscription:
    """Let the subscription end with what was paid."""
    return _end_later(admin, ends=True)


def resume(admin: Member) -> Subscription:
    """Take back a cancellation, and whatever else was to begin with the next period."""
    return _end_later(admin, ends=False)


def _end_later(admin: Member, *, ends: bool) -> Subscription:
    access.require_admin(admin)
    row = _required(admin.org)
    customer_id = customers.customer_of(admin.org, admin)
    with customers.turn(customer_id):
        if schedule_id := stripe_api.subscription(row.id).schedule_id:
            stripe_api.drop_plans(schedule_id)
        stripe_api.end_later(row.id, ends=ends)
        subscriptions.read(customer_id, row.id)
    audit.record(admin.org, admin, "plan.cancelled" if ends else "plan.resumed", row.plan_id)
    row.refresh_from_db()
    return row


def pay(admin: Member, *, key: str) -> Subscription:
    """Try the card once more for what is overdue. Raises CardDeclined, NeedsCardholder."""
    access.require_admin(admin)
    row = _required(admin.org)
    customer_id = customers.customer_of(admin.org, admin)
    with customers.turn(customer_id):
        now = stripe_api.subscription(row.id)
        if now.status == SubscriptionStatus.PAST_DUE and now.invoice_id:
            stripe_api.pay_invoice(now.invoice_id, key=key)
        subscriptions.read(customer_id, row.id)
    row.refresh_from_db()
    return row


def open_portal(admin: Member, *, back_url: str) -> str:
    """Stripe's own pages for the card, the address and all invoices; returns their address."""
    access.require_admin(admin)
    account = Account.objects.get(org=admin.org)
    if not account.customer_id:
        raise NotSubscribed(_("Nothing was paid by this organization yet."))
    return stripe_api.open_portal(account.customer_id, back_url=back_url, configuration=storefront.portal_id())


def _required(org: Org) -> Subscription:
    row = live(org)
    if row is None:
        raise NotSubscribed(_("This organization has no subscription."))
    return row


def _changeable(org: Org) -> Subscription:
    row = _required(org)
    if row.status not in (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING):
        raise NotSubscribed(_("The last payment did not go through. Once it is made, the plan can be changed."))
    if row.cancels_at:
        raise NotSubscribed(_("The subscription is about to end. Resume it first, then change it."))
    return row


def _is_more(row: Subscription, wanted: Wish) -> bool:
    """A better plan, else a longer rhythm, else more seats."""
    is_year = wanted.interval == Interval.YEAR
    return (wanted.plan.rank, is_year, wanted.seats) > (row.plan.rank, row.interval == Interval.YEAR, row.seats)


def _items(now: SubscriptionFacts, wanted: Wish) -> list[Thing]:
    """The items of a subscription with other prices and quantities."""
    parts = {each.metadata.get("part"): each for each in now.items}
    order = (storefront.BASE, storefront.SEAT)
    prices = storefront.price_ids([storefront.plan_key(wanted.plan.slug, part, wanted.interval) for part in order])
    quantities = (1, wanted.seats)
    return [
        {**({"id": parts[part].id} if part in parts else {}), "price": price, "quantity": quantity}
        for part, price, quantity in zip(order, prices, quantities, strict=True)
    ]
