"""Which function answers which call, and what the call takes.

*Called by*: the files of nouns (@route), api.py (find). *Keeps true*: `expand` is taken everywhere, lists take their
pages, and nothing else is taken that a noun does not name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from config.local.stripe_stand_in.parameters import Takes
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World

Verb = Callable[..., Thing]
PAGED: Takes = {"limit": int, "starting_after": str, "ending_before": str}


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    takes: Takes
    verb: Verb
    path: re.Pattern[str]

    def answer(self, world: World, given: Thing, keys: dict[str, str]) -> Thing:
        return self.verb(world, given, **keys)


ROUTES: list[Route] = []


def route(method: str, pattern: str, takes: Takes | None = None) -> Callable[[Verb], Verb]:
    """Let a function (world, given, **keys of the path) answer POST /v1/customers/{customer} and the like."""

    def register(verb: Verb) -> Verb:
        path = re.compile("/v1/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))
        ROUTES.append(Route(method, pattern, {"expand": [str], **(takes or {})}, verb, path))
        return verb

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of an address: invoices/create_preview before invoices/{invoice}."""
    matches = [
        (each, found.groupdict()) for each in ROUTES if each.method == method and (found := each.path.fullmatch(path))
    ]
    return min(matches, key=lambda match: len(match[1]), default=None)
