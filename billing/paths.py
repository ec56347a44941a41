"""Where a limit is lifted: pages of the room above, by their paths.

*Called by*: billing.ledger, billing.plans, mails. *Keeps true*: nothing leads to a page that this server does not have.
"""

from django.urls import Resolver404, resolve


def to_limits(slug: str) -> str:
    return f"/orgs/{slug}/limits/"


def to_plan(slug: str) -> str:
    """ "" where there is no such page."""
    return _existing(f"/orgs/{slug}/plan/")


def to_usage(slug: str) -> str:
    return _existing(f"/orgs/{slug}/usage/")


def _existing(path: str) -> str:
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path
