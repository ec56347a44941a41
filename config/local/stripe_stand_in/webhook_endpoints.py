"""Where events are sent.

*Called by*: routes.py, deliveries.py, __main__.py. *Keeps true*: the secret is told once, when the endpoint is made.
"""

import hashlib

from config.local.stripe_stand_in import answers
from config.local.stripe_stand_in.parameters import METADATA, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

KIND = "webhook_endpoint"


def add(world: World, url: str, *, secret: str = "", enabled_events: list[str] | None = None) -> Thing:
    values: Thing = {
        "api_version": None,
        "application": None,
        "description": None,
        "enabled_events": enabled_events or ["*"],
        "metadata": {},
        "status": "enabled",
        "url": url,
    }
    endpoint = world.add(KIND, values)
    endpoint["_secret"] = secret or "whsec_" + hashlib.sha256(endpoint["id"].encode()).hexdigest()[:32]
    return endpoint


def takes(endpoint: Thing, kind: str) -> bool:
    wanted = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or kind in wanted)


@route(
    "POST",
    "webhook_endpoints",
    {"url!": str, "enabled_events!": [str], "description": str, "metadata": METADATA, "api_version": str},
)
def create(world: World, given: Thing) -> Thing:
    if not given["url"].startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    endpoint = add(world, given["url"], enabled_events=given["enabled_events"])
    endpoint |= {name: given[name] for name in ("description", "api_version") if name in given}
    endpoint["metadata"] = merge_metadata({}, given.get("metadata", {}))
    return endpoint | {"secret": endpoint["_secret"]}


@route(
    "POST",
    "webhook_endpoints/{endpoint}",
    {"url": str, "enabled_events": [str], "description": str, "disabled": bool, "metadata": METADATA},
)
def update(world: World, given: Thing, endpoint: str) -> Thing:
    found = world.get(KIND, endpoint)
    if "disabled" in given:
        found["status"] = "disabled" if given.pop("disabled") else "enabled"
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= {name: value for name, value in given.items() if name != "expand"}
    return found


@route("GET", "webhook_endpoints/{endpoint}")
def retrieve(world: World, given: Thing, endpoint: str) -> Thing:
    return world.get(KIND, endpoint)


@route("GET", "webhook_endpoints", PAGED)
def list_all(world: World, given: Thing) -> Thing:
    return answers.page(world.all(KIND), given, "/v1/webhook_endpoints")


@route("DELETE", "webhook_endpoints/{endpoint}")
def delete(world: World, given: Thing, endpoint: str) -> Thing:
    world.get(KIND, endpoint)
    del world.things[KIND][endpoint]
    return {"id": endpoint, "object": KIND, "deleted": True}
