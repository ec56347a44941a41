"""Invoices as they would be: the next renewal, or what a change would cost.

*Called by*: routes.py, renewals.py. *Keeps true*: looking changes nothing.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from config.local.stripe_stand_in import (
    customers,
    invoice_drafts,
    invoice_lines,
    renewals,
    subscription_changes,
    subscription_items,
    subscriptions,
)
from config.local.stripe_stand_in.parameters import ADDRESS, MOMENT
from config.local.stripe_stand_in.periods import next_after
from config.local.stripe_stand_in.routes import route
from config.local.stripe_stand_in.tables import CHANGED_ITEM, DISCOUNTS, PRORATION
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

DETAILS = {
    "items": [CHANGED_ITEM],
    "proration_behavior": PRORATION,
    "proration_date": int,
    "billing_cycle_anchor": MOMENT,
    "cancel_at": MOMENT,
    "cancel_at_period_end": bool,
    "cancel_now": bool,
    "start_date": int,
    "trial_end": MOMENT,
}


@contextmanager
def _imagined(world: World) -> Iterator[None]:
    """Whatever happens inside did not happen."""
    things, counts = world.things, world.counts.copy()
    world.things = copy.deepcopy(things)
    try:
        yield
    finally:
        world.things, world.counts = things, counts


def renewal(world: World, subscription: Thing) -> Thing:
    """The invoice of the next period, as it would be now."""
    with _imagined(world):
        return _renew(world, world.get("subscription", subscription["id"]))


def _renew(world: World, found: Thing) -> Thing:
    start, end = subscription_items.period_of(found)
    interval, count = subscription_items.rhythm(subscription_items.of(found)[0]["price"])
    if found["status"] == "trialing":
        found["status"] = "active"
    subscription_items.set_period(found, (end, next_after(found["billing_cycle_anchor"], interval, count, end)))
    invoice = renewals.draft_renewal(world, found, (start, end))
    return _as_preview(invoice) | {"created": end, "next_payment_attempt": end + world.options.draft_seconds}


def _as_preview(invoice: Thing) -> Thing:
    told: Thing = copy.deepcopy(invoice)
    told["id"] = told["id"].replace("in_", "upcoming_in_")
    # What a balance would pay of it.
    due = told["total"] + told["starting_balance"]
    told |= {"amount_due": max(0, due), "amount_remaining": max(0, due)}
    return told


@route(
    "POST",
    "invoices/create_preview",
    {
        "customer": str,
        "subscription": str,
        "schedule": str,
        "currency": str,
        "subscription_details": DETAILS,
        "discounts": DISCOUNTS,
        "preview_mode": ("next", "recurring"),
        "automatic_tax": {"enabled!": bool},
        "customer_details": {"address": ADDRESS, "tax_exempt": ("none", "exempt", "reverse")},
    },
)
def create(world: World, given: Thing) -> Thing:
    details = given.get("subscription_details") or {}
    with _imagined(world):
        if given.get("subscription"):
            return _of_change(world, given, details)
        customer = customers.ask(world, given.get("customer"))
        if details.get("items"):
            return _of_new(world, given, details, customer)
        found = [
            each
            for each in world.all("subscription", customer=customer["id"])
            if each["status"] in ("active", "trialing", "past_due")
        ]
        if found:
            return _renew(world, found[-1])
        pending = invoice_lines.take_pending(world, customer["id"], subscription=None)
        if not pending:
            raise invalid(f"No upcoming invoices for customer: {customer['id']}", code="invoice_upcoming_none")
        lines = [invoice_lines.of_pending(world, each) for each in pending]
        now = world.now(customer)
        currency = customer["currency"] or "usd"
        return _as_preview(
            invoice_drafts.draft(world, customer, lines, reason="upcoming", currency=currency, period=(now, now))
        )


def _of_new(world: World, given: Thing, details: Thing, customer: Thing) -> Thing:
    wanted = {"customer": customer["id"], "items": details["items"], "payment_behavior": "default_incomplete"}
    wanted |= {name: details[name] for name in ("trial_end", "proration_behavior") if name in details}
    wanted |= {name: given[name] for name in ("discounts", "automatic_tax", "currency") if name in given}
    subscription = subscriptions.begin(world, wanted)
    return _as_preview(world.get("invoice", subscription["latest_invoice"]))


def _of_change(world: World, given: Thing, details: Thing) -> Thing:
    found = subscriptions.ask(world, given["subscription"])
    if found["cancel_at"] and not details:
        raise invalid(f"No upcoming invoices for subscription: {found['id']}", code="invoice_upcoming_none")
    last = found["latest_invoice"]
    wanted = {name: details[name] for name in details if name not in ("cancel_now", "start_date", "cancel_at")}
    wanted |= {"discounts": given["discounts"]} if given.get("discounts") is not None else {}
    wanted |= {"payment_behavior": "default_incomplete"}
    if details or given.get("discounts"):
        subscription_changes.change(world, found, wanted)
    if found["latest_invoice"] != last:
        return _as_preview(world.get("invoice", found["latest_invoice"]))
    return _renew(world, found)
