"""What happened, as Stripe tells it: events, with what fields were before.

*Called by*: the nouns. *Keeps true*: an event holds the object as it was at that moment, and is handed to the
deliveries.
"""

import copy
from typing import Any

from config.local.stripe_stand_in import answers
from config.local.stripe_stand_in.parameters import SPAN
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World

FAMILIES = {
    "subscription": "customer.subscription",
    "dispute": "charge.dispute",
    "tax_id": "customer.tax_id",
    "discount": "customer.discount",
}


def note(world: World, thing: Thing, what: str, *, before: Thing | None = None) -> Thing:
    """Write down `<family of the thing>.<what>`; `before` is what `remember` gave."""
    family = FAMILIES.get(thing["object"], thing["object"])
    data: Thing = {"object": answers.tell(world, thing)}
    if before is not None:
        data["previous_attributes"] = _difference(answers.tell(world, before), data["object"])
    event = {
        "api_version": world.version,
        "data": data,
        "pending_webhooks": 0,
        "request": dict(world.request),
        "type": f"{family}.{what}",
    }
    if thing["object"] == "customer":  # it names no customer but is one
        kept = world.add("event", event, at=world.now(thing))
    else:
        kept = world.add("event", event, at=world.now(thing.get("customer")))
    kept["_new"] = True
    return kept


def remember(thing: Thing) -> Thing:
    """The thing as it is before a change."""
    return copy.deepcopy(thing)


def note_update(world: World, thing: Thing, before: Thing) -> None:
    """Write down `.updated`, where anything did change."""
    if _difference(answers.tell(world, before), answers.tell(world, thing)):
        note(world, thing, "updated", before=before)


def _difference(before: Thing, after: Thing) -> Thing:
    """The old values of what is different; of nested objects only what is different in them."""
    old: Thing = {}
    for name in {**before, **after}:
        was, is_ = before.get(name), after.get(name)
        if was == is_:
            continue
        nested: Any = was
        if isinstance(was, dict) and isinstance(is_, dict) and was.get("object") != "list":
            nested = _difference(was, is_)
        old[name] = nested
    return old


@route("GET", "events", {**PAGED, "created": SPAN, "type": str, "types": [str], "delivery_success": bool})
def list_events(world: World, given: Thing) -> Thing:
    found = list(world.things["event"].values())
    types = [given["type"]] if given.get("type") else given.get("types")
    if types:
        found = [event for event in found if any(_is_of(event["type"], each) for each in types)]
    if "delivery_success" in given:
        wanted = given["delivery_success"]
        found = [event for event in found if (event["pending_webhooks"] == 0) == wanted]
    return answers.page(found, given, "/v1/events")


def _is_of(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1]))


@route("GET", "events/{event}")
def retrieve_event(world: World, given: Thing, event: str) -> Thing:
    return world.get("event", event)
