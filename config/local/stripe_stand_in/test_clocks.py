"""Test clocks: a time of its own for some customers, that moves when it is told to.

*Called by*: routes.py. *Keeps true*: what is due on the way happens before the answer; Stripe says "advancing" for a
while, the stand-in is "ready" at once.
"""

from config.local.stripe_stand_in import answers, events, renewals
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import DAY, World

KIND = "test_helpers.test_clock"


@route("POST", "test_helpers/test_clocks", {"frozen_time!": int, "name": str})
def create(world: World, given: Thing) -> Thing:
    at = world.now()
    values = {
        "deletes_after": at + 30 * DAY,
        "frozen_time": given["frozen_time"],
        "name": given.get("name"),
        "status": "ready",
        "status_details": {},
    }
    clock = world.add(KIND, values)
    events.note(world, clock, "created")
    return clock


@route("POST", "test_helpers/test_clocks/{clock}/advance", {"frozen_time!": int})
def advance(world: World, given: Thing, clock: str) -> Thing:
    found = world.get(KIND, clock)
    renewals.advance(world, given["frozen_time"], clock=found)
    events.note(world, found, "ready")
    return found


@route("GET", "test_helpers/test_clocks/{clock}")
def retrieve(world: World, given: Thing, clock: str) -> Thing:
    return world.get(KIND, clock)


@route("GET", "test_helpers/test_clocks", PAGED)
def list_all(world: World, given: Thing) -> Thing:
    return answers.page(world.all(KIND), given, "/v1/test_helpers/test_clocks")


@route("DELETE", "test_helpers/test_clocks/{clock}")
def delete(world: World, given: Thing, clock: str) -> Thing:
    world.get(KIND, clock)
    for customer in world.all("customer", test_clock=clock):
        customer["deleted"] = True
        for subscription in world.all("subscription", customer=customer["id"]):
            subscription["status"] = "canceled"
    del world.things[KIND][clock]
    return {"id": clock, "object": KIND, "deleted": True}
