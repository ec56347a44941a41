"""The control surface for tests: time, faults, deliveries and disputes, on demand.

*Called by*: server.py; tests/doubles/stripe.py asks for it. *Keeps true*: JSON in, JSON out; nothing of it is
Stripe's.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from config.local.stripe_stand_in import disputes, renewals, webhook_endpoints
from config.local.stripe_stand_in.answers import tell
from config.local.stripe_stand_in.api import Api
from config.local.stripe_stand_in.deliveries import Delivery
from config.local.stripe_stand_in.faults import Fault
from config.local.stripe_stand_in.pages import Page
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import Options

VERBS: dict[tuple[str, str], Callable[[Api, Thing], Any]] = {}


def verb(method: str, path: str) -> Callable[[Callable[[Api, Thing], Any]], Callable[[Api, Thing], Any]]:
    def register(function: Callable[[Api, Thing], Any]) -> Callable[[Api, Thing], Any]:
        VERBS[method, path] = function
        return function

    return register


def answer(api: Api, method: str, path: str, body: bytes, asked: dict[str, str]) -> Page:
    found = VERBS.get((method, path.strip("/")))
    if not found:
        return _json({"error": "There is no such control."}, 404)
    given = {**asked, **(json.loads(body) if body else {})}
    try:
        with api.world.lock:
            told = found(api, given)
            api.deliveries.send_new()
            return _json(told, 200)
    except Refusal as refusal:
        return _json({"error": refusal.error}, refusal.status)


def _json(what: Any, status: int) -> Page:
    return Page(json.dumps(what).encode(), status, "application/json")


@verb("GET", "clock")
def tell_time(api: Api, given: Thing) -> Thing:
    return {"now": api.world.now(), "offset": api.world.offset}


@verb("POST", "clock")
def move_clock(api: Api, given: Thing) -> Thing:
    """Move everybody's time by `seconds`, or `to` a moment."""
    seconds = given["seconds"] if "seconds" in given else given["to"] - api.world.now()
    renewals.move(api.world, int(seconds))
    return tell_time(api, given)


@verb("GET", "requests")
def list_requests(api: Api, given: Thing) -> Thing:
    return {"requests": api.world.requests}


@verb("POST", "faults")
def set_fault(api: Api, given: Thing) -> Thing:
    """The next `times` calls to `method` and `path` fail: see Fault. An empty body takes all faults back."""
    if not given:
        api.faults.clear()
    else:
        api.faults.add(Fault(**given))
    return {"faults": [asdict(fault) for fault in api.faults.waiting if fault.times]}


@verb("GET", "deliveries")
def list_deliveries(api: Api, given: Thing) -> Thing:
    return {"deliveries": [each.tell() for each in api.deliveries.all], "is_quiet": api.deliveries.is_quiet}


@verb("POST", "deliveries")
def set_mischief(api: Api, given: Thing) -> Thing:
    """How many of the next deliveries to `duplicate`, `drop`, `delay` (by `delay_seconds`) or `reorder`.

    `pause` true holds everything back; false lets it go. `release` lets go what waits to be reordered, last first.
    """
    deliveries = api.deliveries
    if "pause" in given:
        deliveries.is_paused = given.pop("pause")
    if given.pop("release", False):
        deliveries.mischief.reorder = 0
        deliveries.let_go_in_reverse()
    for name, value in given.items():
        if name not in ("duplicate", "drop", "delay", "delay_seconds", "reorder"):
            raise Refusal(400, f"There is no such mischief: {name}")
        setattr(deliveries.mischief, name, value)
    deliveries.wake.notify_all()
    return list_deliveries(api, given)


@verb("POST", "deliveries/again")
def send_again(api: Api, given: Thing) -> Thing:
    """Post an event again. `stamp_offset`: seconds from now for its signature. `secret`: another one, a forged one.

    `changed`: fields that are put in the body instead of what was, by path with dots (data.object.amount).
    """
    event = api.world.get("event", given["event"])
    endpoints = [each for each in api.world.all("webhook_endpoint") if webhook_endpoints.takes(each, event["type"])]
    for endpoint in endpoints:
        delivery: Delivery = api.deliveries.make(event, endpoint)
        delivery.stamp_offset = int(given.get("stamp_offset", 0))
        delivery.secret = given.get("secret", "")
        told = tell(api.world, event)
        for path, value in (given.get("changed") or {}).items():
            place = told
            *steps, last = path.split(".")
            for step in steps:
                place = place[step]
            place[last] = value
        delivery.body = json.dumps(told, indent=2).encode()
        api.deliveries.send(delivery)
    return {"sent": len(endpoints)}


@verb("POST", "endpoints")
def add_endpoint(api: Api, given: Thing) -> Thing:
    """Deliver to another address too; `only`: and to no other."""
    if given.pop("only", False):
        api.world.things["webhook_endpoint"].clear()
    endpoint = webhook_endpoints.add(api.world, **given)
    return {"id": endpoint["id"], "secret": endpoint["_secret"]}


@verb("POST", "disputes")
def make_dispute(api: Api, given: Thing) -> Thing:
    """Dispute the charge of a `payment_intent` (or a `charge`)."""
    key = given.pop("charge", None) or api.world.get("payment_intent", given.pop("payment_intent"))["latest_charge"]
    return disputes.open_for(api.world, api.world.get("charge", key), **given)


@verb("POST", "disputes/end")
def end_dispute(api: Api, given: Thing) -> Thing:
    return disputes.end(api.world, api.world.get("dispute", given["dispute"]), won=given["won"])


@verb("POST", "options")
def set_options(api: Api, given: Thing) -> Thing:
    """Change how it behaves from now on: see Options."""
    for name, value in given.items():
        if not hasattr(api.world.options, name):
            raise Refusal(400, f"There is no such option: {name}")
        setattr(api.world.options, name, tuple(value) if isinstance(value, list) else value)
    return asdict(api.world.options)


@verb("POST", "reset")
def reset(api: Api, given: Thing) -> Thing:
    """Forget everything but the address: also what goes wrong on demand, and where events are posted."""
    options = Options(api.world.options.key, api.world.options.webhook_secret, api.world.options.seed)
    api.world.forget(options)
    api.deliveries.forget()
    api.faults.clear()
    api.kept.clear()
    return tell_time(api, given)
