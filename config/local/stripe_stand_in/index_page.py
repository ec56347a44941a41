"""The first page: what there is, what time it is there, what happened and whether it was taken.

*Called by*: sites.py. *Keeps true*: whoever tries the stand-in out can do here what time, banks and cardholders would.
"""

import json

from config.local.stripe_stand_in import (
    answers,
    disputes,
    invoice_lines,
    renewals,
    subscription_items,
    webhook_endpoints,
)
from config.local.stripe_stand_in.api import Api
from config.local.stripe_stand_in.deliveries import Delivery
from config.local.stripe_stand_in.pages import Page, go, not_found, show
from config.local.stripe_stand_in.periods import day_words, money_words, nth, time_words
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import DAY, HOUR, World

MOST = 30
STEPS: dict[str, int] = {"hour": HOUR, "day": DAY, "week": 7 * DAY}


def answer(api: Api, form: dict[str, str] | None) -> Page:
    if form is None:
        return _show(api)
    what = form.get("what", "")
    if what == "advance":
        _advance(api.world, form.get("step", ""))
    elif what == "again":
        _send_again(api, form.get("event", ""))
    elif what == "dispute":
        disputes.open_for(api.world, api.world.get("charge", form.get("charge", "")), reason="fraudulent")
    elif what in ("win", "lose"):
        disputes.end(api.world, api.world.get("dispute", form.get("dispute", "")), won=what == "win")
    else:
        raise invalid("The stand-in does not know what that means.")
    return go("/")


def _advance(world: World, step: str) -> None:
    """A month is one and two hours: a renewal is a draft for an hour before it is paid."""
    now = world.now()
    seconds = nth(now, "month", 1, 1) + 2 * HOUR - now if step == "month" else STEPS.get(step)
    if seconds is None:
        raise invalid("Choose how far to go.")
    renewals.move(world, seconds)


def _send_again(api: Api, key: str) -> None:
    event = api.world.get("event", key)
    for endpoint in api.world.all("webhook_endpoint"):
        if webhook_endpoints.takes(endpoint, event["type"]):
            api.deliveries.send(api.deliveries.make(event, endpoint))


def _show(api: Api) -> Page:
    world = api.world
    states: dict[str, list[Delivery]] = {}
    for delivery in api.deliveries.all:
        states.setdefault(delivery.event["id"], []).append(delivery)
    return show(
        "index.html",
        now=time_words(world.now()),
        is_moved=bool(world.offset),
        customers=[_tell_customer(world, each) for each in _latest(world, "customer")],
        subscriptions=[_tell_subscription(world, each) for each in _latest(world, "subscription")],
        sessions=[each for each in _latest(world, "checkout.session") if each["status"] == "open"],
        charges=[_tell_charge(world, each) for each in _latest(world, "charge")],
        endpoints=world.all("webhook_endpoint"),
        events=[_tell_event(each, states.get(each["id"], [])) for each in _latest(world, "event")],
    )


def _latest(world: World, kind: str) -> list[Thing]:
    return world.all(kind)[::-1][:MOST]


def _tell_customer(world: World, customer: Thing) -> Thing:
    cards = [method["card"]["last4"] for method in world.all("payment_method", customer=customer["id"])]
    words = customer["name"] or customer["email"] or customer["id"]
    return {"id": customer["id"], "words": words, "cards": ", ".join(cards), "is_gone": customer.get("deleted")}


def _tell_subscription(world: World, found: Thing) -> Thing:
    items = subscription_items.of(found)
    words = [invoice_lines.describe(world, item["price"], item["quantity"], found["currency"]) for item in items]
    customer = _tell_customer(world, world.get("customer", found["customer"]))
    until = day_words(subscription_items.period_of(found)[1])
    return {
        "id": found["id"],
        "who": customer["words"],
        "items": words,
        "status": found["status"],
        "until": until,
        "ends": found["cancel_at"],
    }


def _tell_charge(world: World, charge: Thing) -> Thing:
    amount = money_words(charge["amount"], charge["currency"])
    found = world.all("dispute", charge=charge["id"])
    state = charge["status"]
    if charge["amount_refunded"]:
        state = f"{money_words(charge['amount_refunded'], charge['currency'])} refunded"
    if found:
        state = f"disputed: {found[-1]['status'].replace('_', ' ')}"
    is_open = bool(found) and found[-1]["status"] not in ("won", "lost")
    may_be = charge["paid"] and not found
    return {
        "id": charge["id"],
        "amount": amount,
        "state": state,
        "may_be_disputed": may_be,
        "dispute": found[-1]["id"] if is_open else "",
    }


def _tell_event(event: Thing, deliveries: list[Delivery]) -> Thing:
    states = []
    for delivery in deliveries:
        last = delivery.attempts[-1]["status"] if delivery.attempts else ""
        tries = f", {len(delivery.attempts)} times" if len(delivery.attempts) > 1 else ""
        states.append(f"{delivery.state}{f' ({last}{tries})' if last != '' else ''}")
    about = event["data"]["object"].get("id", "")
    return {
        "id": event["id"],
        "type": event["type"],
        "about": about,
        "at": time_words(event["created"]),
        "states": states,
    }


def show_event(world: World, key: str) -> Page:
    """One event as it is posted."""
    event = world.find("event", key)
    if not event:
        return not_found("There is no such event.")
    return show("event.html", event=event, body=json.dumps(answers.tell(world, event), indent=2))
