"""Proration: what a change in the middle of a period gives back and asks for, to the second.

*Called by*: subscriptions.py, subscription_changes.py, schedules.py. *Keeps true*: credit and charge of one change
are shares of the same rest of the same period.
"""

import copy

from config.local.stripe_stand_in import (
    collection,
    events,
    invoice_drafts,
    invoice_lines,
    invoices,
    periods,
    products,
    subscription_items,
)
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World


def cost(subscription: Thing, item: Thing) -> int:
    """What an item costs for a whole period."""
    return products.amount_in(item["price"], subscription["currency"]) * int(item["quantity"])


def whole_period(subscription: Thing, item: Thing, period: tuple[int, int]) -> tuple[int, int]:
    """The full period that ends when this one does; it began earlier where this one was cut short."""
    interval, count = subscription_items.rhythm(item["price"])
    anchor = subscription["billing_cycle_anchor"]
    n = 0
    while periods.nth(anchor, interval, count, n) < period[1]:
        n += 1
    if periods.nth(anchor, interval, count, n) != period[1]:
        return period
    return min(period[0], periods.nth(anchor, interval, count, n - 1)), period[1]


def note_change(world: World, subscription: Thing, old: list[Thing], new: list[Thing], at: int) -> None:
    """Pend what is given back for each item that is now other, and what it costs instead."""
    after = {item["id"]: item for item in new}
    before = {item["id"]: item for item in old}
    for key, item in before.items():
        now_is = after.get(key)
        if now_is and (now_is["price"]["id"], now_is["quantity"]) == (item["price"]["id"], item["quantity"]):
            continue
        _pend(world, subscription, item, at, gives_back=True)
        if now_is:
            _pend(world, subscription, now_is, at, gives_back=False)
    for key, item in after.items():
        if key not in before:
            _pend(world, subscription, item, at, gives_back=False)


def credit_rest(world: World, subscription: Thing, *, at: int | None = None) -> None:
    """Pend what is given back for everything, from a moment on."""
    moment = world.now(subscription) if at is None else at
    for item in subscription_items.of(subscription):
        _pend(world, subscription, item, moment, gives_back=True)


def _pend(world: World, subscription: Thing, item: Thing, at: int, *, gives_back: bool) -> None:
    start, end = subscription_items.period_of(subscription)
    price, quantity = item["price"], item["quantity"]
    whole = whole_period(subscription, item, (start, end))
    amount = periods.share(cost(subscription, item), of=whole, left_from=at)
    if subscription["status"] == "trialing":
        amount = 0
    words = "Unused time on" if gives_back else "Remaining time on"
    what = invoice_lines.describe(world, price, quantity, subscription["currency"])
    invoice_lines.pend(
        world,
        world.get("customer", subscription["customer"]),
        amount=-amount if gives_back else amount,
        currency=subscription["currency"],
        description=f"{words} {what} after {periods.day_words(at)}",
        period=(at, end),
        price=price,
        quantity=quantity,
        subscription=subscription,
        item=item["id"],
        metadata=dict(subscription["metadata"]),
    )


def invoice_now(
    world: World,
    subscription: Thing,
    *,
    lines: list[Thing] | None = None,
    off_session: bool = True,
    waits: bool = False,
    is_pending_update: bool = False,
) -> tuple[Thing | None, Refusal | None]:
    """Bill what waits (and these lines) at once. Returns the invoice, if there is anything to bill, and the decline."""
    customer = world.get("customer", subscription["customer"])
    pending = invoice_lines.take_pending(world, customer["id"], subscription=subscription["id"])
    billed = [invoice_lines.of_pending(world, each) for each in pending] + (lines or [])
    if not billed:
        return None, None
    now = world.now(customer)
    invoice = invoice_drafts.draft(
        world,
        customer,
        billed,
        reason="subscription_update",
        currency=subscription["currency"],
        period=(now, now),
        subscription=subscription,
        _days_until_due=subscription["days_until_due"],
        _is_pending_update=is_pending_update,
    )
    invoices.finalize(world, invoice)
    refusal = None
    if invoice["status"] == "open" and not waits and invoice["collection_method"] == "charge_automatically":
        refusal = collection.collect(world, invoice, off_session=off_session)
    return invoice, refusal


def apply_pending(world: World, subscription: Thing) -> None:
    """The change that waited for its payment happens."""
    before = events.remember(subscription)
    waiting = subscription["pending_update"]
    subscription |= copy.deepcopy(waiting["_after"]) | {"pending_update": None}
    events.note(world, subscription, "pending_update_applied", before=before)
    events.note_update(world, subscription, before)
