"""What of a thing is told: pages of lists, fields that are only told when asked for, ids that become what they name.

*Called by*: api.py, events.py, the nouns with lists. *Keeps true*: fields that begin with "_" never leave; what is
told is a copy.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import PREFIXES, World

DEEPEST = 4
# Told only when `expand` names them: by (object, field), a function of (world, thing).
ON_DEMAND: dict[tuple[str, str], Callable[[World, Thing], Any]] = {}
BY_PREFIX = sorted(((prefix, kind) for kind, prefix in PREFIXES.items() if prefix), key=lambda pair: -len(pair[0]))


def on_demand(kind: str, name: str) -> Callable[[Callable[[World, Thing], Any]], Callable[[World, Thing], Any]]:
    """Let a function tell a field that is told only when asked for."""

    def register(verb: Callable[[World, Thing], Any]) -> Callable[[World, Thing], Any]:
        ON_DEMAND[kind, name] = verb
        return verb

    return register


def tell(world: World, thing: Thing, expand: list[str] | None = None) -> Thing:
    """Return the copy that may leave, with what `expand` names in place of ids."""
    told = _bare(thing)
    for path in expand or []:
        steps = path.split(".")
        if len(steps) > DEEPEST + (steps[0] == "data"):
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        _expand(world, told, steps, path)
    return told


def _bare(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _bare(value) for name, value in thing.items() if not str(name).startswith("_")}
    if isinstance(thing, list):
        return [_bare(value) for value in thing]
    return copy.copy(thing)


def _expand(world: World, told: Any, steps: list[str], path: str) -> None:
    if isinstance(told, list):
        for each in told:
            _expand(world, each, steps, path)
        return
    if not steps or told is None:
        return
    name = steps[0]
    demanded = ON_DEMAND.get((told.get("object", ""), name)) if isinstance(told, dict) else None
    if demanded and name not in told:
        whole = world.things[told["object"]].get(told.get("id", ""))
        told[name] = _bare(demanded(world, whole)) if whole else None
    if not isinstance(told, dict) or name not in told:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand", code="property_cannot_be_expanded")
    value = told[name]
    if isinstance(value, str):
        told[name] = _named(world, value, path)
    elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        told[name] = [_named(world, each, path) for each in value]
    _expand(world, told[name], steps[1:], path)


def _named(world: World, key: str, path: str) -> Thing:
    for prefix, kind in BY_PREFIX:
        if key.startswith(prefix) and (found := world.find(kind, key)):
            return _bare(found)
    if found := world.find("coupon", key):
        return _bare(found)
    raise invalid(f"This property cannot be expanded ({path}).", param="expand", code="property_cannot_be_expanded")


def listed(things: list[Thing], url: str, *, has_more: bool = False) -> Thing:
    """A list inside another thing."""
    return {"object": "list", "data": things, "has_more": has_more, "url": url}


def page(things: list[Thing], given: Thing, url: str) -> Thing:
    """One page, newest first; `things` come oldest first."""
    limit = given.get("limit") or 10
    if not 1 <= limit <= 100:
        raise invalid(f"Invalid integer: {limit}; must be between 1 and 100", param="limit")
    things = [thing for thing in reversed(things) if _is_within(thing, given.get("created"))]
    keys = [thing["id"] for thing in things]
    for name in ("starting_after", "ending_before"):
        if (key := given.get(name)) and key not in keys:
            raise invalid(f"No such object: '{key}'", param=name, code="resource_missing")
    if key := given.get("starting_after"):
        things = things[keys.index(key) + 1 :]
    elif key := given.get("ending_before"):
        things = things[: keys.index(key)]
        return listed(things[-limit:], url, has_more=len(things) > limit)
    return listed(things[:limit], url, has_more=len(things) > limit)


def _is_within(thing: Thing, span: Thing | None) -> bool:
    at = thing.get("created", thing.get("date", 0))
    bounds = span or {}
    return (
        at > bounds.get("gt", -1)
        and at >= bounds.get("gte", 0)
        and at < bounds.get("lt", 1 << 60)
        and at <= bounds.get("lte", 1 << 60)
    )


_TERM = re.compile(
    r"""(?P<negated>-?)(?P<field>\w+)(?:\[["'](?P<key>[^"']+)["']\])?(?P<how>[:~<>]=?)["']?(?P<value>[^"']*)["']?"""
)


def search(things: list[Thing], given: Thing, url: str) -> Thing:
    """Stripe's query language, as far as terms joined by AND or by OR: email:"a@b.c" AND metadata["org"]:"7"."""
    parts = re.split(r"\s+(AND|OR)\s+", given["query"].strip())
    terms = []
    for part in parts[::2]:
        found = _TERM.fullmatch(part.strip())
        if not found:
            raise invalid(f"We were unable to parse your search query: {given['query']}", param="query")
        terms.append(found)
    join = any if "OR" in parts[1::2] else all
    found_things = [thing for thing in reversed(things) if join(_meets(thing, term) for term in terms)]
    limit = given.get("limit") or 10
    start = int(given.get("page") or 0)
    has_more = len(found_things) > start + limit
    next_page = str(start + limit) if has_more else None
    told = listed(found_things[start : start + limit], url, has_more=has_more)
    return told | {"object": "search_result", "next_page": next_page}


def _meets(thing: Thing, term: re.Match[str]) -> bool:
    value = thing.get(term["field"])
    if term["key"]:
        value = (value or {}).get(term["key"])
    how, wanted = term["how"], term["value"]
    if wanted == "null":
        met = value is None
    elif how == ":":
        met = str(value).lower() == wanted.lower()
    elif how == "~":
        met = wanted.lower() in str(value or "").lower()
    else:
        number, bound = int(value or 0), int(wanted)
        met = {"<": number < bound, ">": number > bound, "<=": number <= bound, ">=": number >= bound}[how]
    return met != bool(term["negated"])
