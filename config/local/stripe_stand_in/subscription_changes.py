"""Changing a subscription: items, quantities, trial, end, discounts; with proration and payment as asked.

*Called by*: routes.py, schedules.py, the portal page. *Keeps true*: a change that waits for its payment changes
nothing before; one that fails with error_if_incomplete leaves no trace.
"""

import copy

from config.local.stripe_stand_in import (
    answers,
    coupons,
    events,
    invoice_lines,
    invoices,
    payment_methods,
    periods,
    proration,
    subscription_items,
    subscriptions,
)
from config.local.stripe_stand_in.parameters import MOMENT, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import BEHAVIOR, CANCELLATION, CHANGED_ITEM, NEW_ITEM, PRORATION, SUBSCRIPTION
from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter
from config.local.stripe_stand_in.world import HOUR, World

CHANGES = {
    **SUBSCRIPTION,
    "items": [CHANGED_ITEM],
    "billing_cycle_anchor": ("now", "unchanged"),
    "proration_date": int,
    "cancellation_details": CANCELLATION,
}
SCHEDULED = ("cancel_at_period_end", "cancel_at")


@route("POST", "subscriptions/{subscription}", CHANGES)
def update(world: World, given: Thing, subscription: str) -> Thing:
    found = world.get("subscription", subscription)
    if found["status"] in subscriptions.ENDED and set(given) - {"metadata", "cancellation_details", "expand"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if found["schedule"] and any(name in given for name in SCHEDULED):
        why = f"The subscription is managed by the subscription schedule `{found['schedule']}`"
        raise invalid(f"{why}, and updating any cancelation behavior directly is not allowed.", param=SCHEDULED[0])
    behavior = given.get("payment_behavior") or "allow_incomplete"
    if behavior == "error_if_incomplete":
        return _change_or_leave(world, found, given)
    if behavior == "pending_if_incomplete":
        return _change_when_paid(world, found, given)
    change(world, found, given)
    return found


def _change_or_leave(world: World, found: Thing, given: Thing) -> Thing:
    with world.all_or_nothing():
        last = found["latest_invoice"]
        change(world, found, given)
        invoice = world.find("invoice", found["latest_invoice"])
        if invoice and invoice["id"] != last and invoice["status"] == "open":
            raise subscriptions.world_refusal(world, invoice)
    return found


def _change_when_paid(world: World, found: Thing, given: Thing) -> Thing:
    """Do it; where its invoice is not paid, put all back and let the change wait for 23 hours."""
    before, last = copy.deepcopy(found), found["latest_invoice"]
    # Whatever this writes down of the subscription is told again below, or did not happen.
    count = len(world.things["event"])
    change(world, found, given, is_pending_update=True)
    invoice = world.find("invoice", found["latest_invoice"])
    if not invoice or invoice["id"] == last or invoice["status"] != "open":
        return found
    for key, event in list(world.things["event"].items())[count:]:
        if event["type"] == "customer.subscription.updated":
            del world.things["event"][key]
    after = {name: found[name] for name in ("items", "billing_cycle_anchor", "trial_end", "status")}
    found |= before | {"latest_invoice": invoice["id"]}
    found["pending_update"] = {
        "billing_cycle_anchor": after["billing_cycle_anchor"],
        "expires_at": world.now(found) + 23 * HOUR,
        "subscription_items": copy.deepcopy(after["items"]["data"]),
        "trial_end": after["trial_end"],
        "trial_from_plan": None,
        "_after": after,
        "_invoice": invoice["id"],
    }
    events.note_update(world, found, before)
    return found


def expire_pending(world: World, found: Thing) -> None:
    """A change waited too long for its payment."""
    invoice_id = found["pending_update"]["_invoice"]
    before = events.remember(found)
    found["pending_update"] = None
    invoices.void(world, {}, invoice=invoice_id)
    events.note(world, found, "pending_update_expired", before=before)


def change(world: World, found: Thing, given: Thing, *, is_pending_update: bool = False) -> None:
    """Make the change, write it down, and bill what it costs as `proration_behavior` says."""
    before, old = events.remember(found), copy.deepcopy(subscription_items.of(found))
    now = world.now(found)
    at = given.get("proration_date") or now
    _set_fields(world, found, given, now)
    items = _change_items(world, found, given.get("items") or [])
    rhythm = subscription_items.rhythm(items[0]["price"])
    ends_trial = found["status"] == "trialing" and given.get("trial_end") == "now"
    starts_anew = rhythm != subscription_items.rhythm(old[0]["price"]) or given.get("billing_cycle_anchor") == "now"
    starts_anew = (starts_anew and found["status"] != "trialing") or ends_trial
    behavior = given.get("proration_behavior") or "create_prorations"
    lines: list[Thing] = []
    if starts_anew:
        if behavior != "none" and not ends_trial:
            proration.note_change(world, found, old, [], at)
        found["items"]["data"] = items
        lines = _start_anew(world, found, now, ends_trial=ends_trial)
    else:
        if behavior != "none" and found["status"] not in ("trialing", "incomplete"):
            proration.note_change(world, found, old, items, at)
        found["items"]["data"] = items
        if isinstance(given.get("trial_end"), int):
            _extend_trial(found, given["trial_end"], now)
    events.note_update(world, found, before)
    if starts_anew or behavior == "always_invoice":
        waits = given.get("payment_behavior") == "default_incomplete"
        off_session = bool(given.get("off_session"))
        invoice, _ = proration.invoice_now(
            world,
            found,
            lines=lines,
            off_session=off_session,
            waits=waits,
            is_pending_update=is_pending_update,
        )
        if waits and invoice and invoice["status"] == "open" and found["status"] == "active":
            subscriptions.note_unpaid(world, found, invoice, is_over=False)


def change_at_boundary(world: World, found: Thing, given: Thing) -> None:
    """Make a change at the end of a period, just before the renewal bills it: nothing is prorated."""
    before, old = events.remember(found), subscription_items.of(found)
    rhythm = subscription_items.rhythm(old[0]["price"])
    _set_fields(world, found, given, world.now(found))
    found["items"]["data"] = _change_items(world, found, given["items"])
    if subscription_items.rhythm(subscription_items.of(found)[0]["price"]) != rhythm:
        found["billing_cycle_anchor"] = subscription_items.period_of(found)[1]
    events.note_update(world, found, before)


def _start_anew(world: World, found: Thing, now: int, *, ends_trial: bool) -> list[Thing]:
    """A new period begins now; return its lines."""
    items = subscription_items.of(found)
    interval, count = subscription_items.rhythm(items[0]["price"])
    if ends_trial:
        found |= {"trial_end": now, "status": "active"}
    found["billing_cycle_anchor"] = now
    period = (now, periods.nth(now, interval, count, 1))
    subscription_items.set_period(found, period)
    return [invoice_lines.of_item(world, found, item, period) for item in items]


def _extend_trial(found: Thing, until: int, now: int) -> None:
    if until <= now:
        raise invalid("Timestamp must be in the future", param="trial_end")
    found["trial_start"] = found["trial_start"] or now
    found |= {"trial_end": until, "billing_cycle_anchor": until, "status": "trialing", "_told_trial": False}
    subscription_items.set_period(found, (subscription_items.period_of(found)[0], until))


def _change_items(world: World, found: Thing, given: list[Thing]) -> list[Thing]:
    """The items as they will be."""
    items = copy.deepcopy(subscription_items.of(found))
    period = subscription_items.period_of(found)
    for index, each in enumerate(given):
        param = f"items[{index}]"
        if not each.get("id"):
            bought, _ = subscription_items.read(world, [each], currency=found["currency"], param="items")
            items.append(subscription_items.make(world, found, bought[0], period))
            continue
        item = next((item for item in items if item["id"] == each["id"]), None)
        if item is None:
            raise invalid(f"Invalid subscription_item id: {each['id']}", param=f"{param}[id]", code="resource_missing")
        if each.get("deleted"):
            items.remove(item)
            continue
        _change_item(world, found, item, each, param)
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    subscription_items.require_one_rhythm([item["price"] for item in items])
    return items


def _change_item(world: World, found: Thing, item: Thing, each: Thing, param: str) -> None:
    if each.get("quantity") is not None and each["quantity"] < 0:
        raise invalid("Invalid non-negative integer", param=f"{param}[quantity]")
    price = None
    if each.get("price") or each.get("price_data"):
        if each.get("price") != item["price"]["id"]:
            bought, _ = subscription_items.read(world, [each], currency=found["currency"])
            price = bought[0]["price"]
    subscription_items.put(item, price=price, quantity=each.get("quantity"))
    if "metadata" in each:
        item["metadata"] = merge_metadata(item["metadata"], each["metadata"])


def _set_fields(world: World, found: Thing, given: Thing, now: int) -> None:
    if "metadata" in given:
        found["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    for name in ("description", "days_until_due", "collection_method", "trial_settings"):
        if name in given:
            found[name] = given[name]
    if "default_payment_method" in given:
        key = given["default_payment_method"]
        if key and payment_methods.ask(world, key)["customer"] != found["customer"]:
            why = f"The customer does not have a payment method with the ID {key}."
            raise invalid(f"{why} The payment method must be attached to the customer.", param="default_payment_method")
        found["default_payment_method"] = key
    if given.get("automatic_tax"):
        found["automatic_tax"]["enabled"] = given["automatic_tax"]["enabled"]
    if given.get("payment_settings"):
        found["payment_settings"] |= given["payment_settings"]
    if given.get("cancellation_details"):
        found["cancellation_details"] |= given["cancellation_details"]
    if given.get("discounts") is not None:
        customer = world.get("customer", found["customer"])
        found["discounts"] = coupons.redeem(world, given["discounts"], customer=customer, subscription=found["id"])
    _set_end(found, given, now)


def _set_end(found: Thing, given: Thing, now: int) -> None:
    if "cancel_at" in given:
        at = given["cancel_at"]
        if at is not None and at <= now:
            raise invalid("Timestamp must be in the future", param="cancel_at")
        found |= {"cancel_at": at, "canceled_at": now if at else None}
    if "cancel_at_period_end" in given:
        ends = bool(given["cancel_at_period_end"])
        found["cancel_at_period_end"] = ends
        found["canceled_at"] = (found["canceled_at"] or now) if ends else None
        found["cancel_at"] = subscription_items.period_of(found)[1] if ends else None
        reason = "cancellation_requested" if ends else None
        found["cancellation_details"]["reason"] = reason
        if not ends:
            found["cancellation_details"] |= {"comment": None, "feedback": None}


HOW = {
    "proration_behavior": PRORATION,
    "proration_date": int,
    "payment_behavior": BEHAVIOR,
}


@route("POST", "subscription_items", {**NEW_ITEM, **HOW, "subscription!": str})
def create_item(world: World, given: Thing) -> Thing:
    found = subscriptions.ask(world, given.pop("subscription"))
    how = {name: given.pop(name) for name in HOW if name in given}
    update(world, {"items": [given], **how}, subscription=found["id"])
    return subscription_items.of(found)[-1]


@route("POST", "subscription_items/{item}", {**NEW_ITEM, **HOW, "off_session": bool})
def update_item(world: World, given: Thing, item: str) -> Thing:
    found, _ = subscription_items.find(world, item)
    how = {name: given.pop(name) for name in (*HOW, "off_session") if name in given}
    given.pop("expand", None)
    update(world, {"items": [{**given, "id": item}], **how}, subscription=found["id"])
    return subscription_items.find(world, item)[1]


@route("DELETE", "subscription_items/{item}", {**HOW, "clear_usage": bool})
def delete_item(world: World, given: Thing, item: str) -> Thing:
    found, _ = subscription_items.find(world, item)
    update(world, {"items": [{"id": item, "deleted": True}], **given}, subscription=found["id"])
    return {"id": item, "object": "subscription_item", "deleted": True}


@route("GET", "subscription_items", {**PAGED, "subscription!": str})
def list_items(world: World, given: Thing) -> Thing:
    if not given.get("subscription"):
        raise missing_parameter("subscription")
    found = world.get("subscription", given["subscription"], param="subscription")
    return answers.page(subscription_items.of(found)[::-1], given, "/v1/subscription_items")


@route("GET", "subscription_items/{item}")
def retrieve_item(world: World, given: Thing, item: str) -> Thing:
    return subscription_items.find(world, item)[1]


@route(
    "POST",
    "subscriptions/{subscription}/resume",
    {"billing_cycle_anchor": ("now", "unchanged"), "proration_date": MOMENT},
)
def resume(world: World, given: Thing, subscription: str) -> Thing:
    found = subscriptions.ask(world, subscription)
    if found["status"] != "paused":
        raise invalid(f"Only paused subscriptions can be resumed. This one is {found['status']}.")
    before = events.remember(found)
    found["status"] = "active"
    lines = _start_anew(world, found, world.now(found), ends_trial=False)
    events.note(world, found, "resumed", before=before)
    proration.invoice_now(world, found, lines=lines)
    return found
