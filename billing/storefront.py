"""What is for sale at Stripe: products and prices of our plans and packs, and what the Portal allows.

*Called by*: `bin/manage stripe_setup`, billing.subscriptions, billing.purchases. *Keeps true*: what is sold costs what
our rows say; a price that changed is a new one there, and whoever pays the old one goes on paying it.
*Why* metadata names the plan: the key of a price moves on to its successor.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from billing import stripe_api
from billing.models import Pack, Plan
from billing.models.plan import LIST_CURRENCY, Interval
from billing.stripe_facts import PriceFacts, Thing
from billing.stripe_refusals import StripeSaidNo

BASE, SEAT = "base", "seat"
PORTAL: Thing = {
    "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
}


@dataclass(frozen=True, slots=True)
class Good:
    """One product and a price of it."""

    product_id: str
    name: str
    price: PriceFacts


def plan_key(plan: str, part: str, interval: str) -> str:
    return f"parley_{plan}_{part}_{interval}"


def pack_key(pack: str) -> str:
    return f"parley_pack_{pack}"


def goods() -> Iterator[Good]:
    """Everything that our rows put a price on. The currency of the list comes first."""
    for plan in Plan.objects.prefetch_related("prices"):
        for part in (BASE, SEAT):
            for interval in Interval.values:
                rows = [row for row in plan.prices.all() if row.interval == interval]
                amounts = {row.currency: row.base_minor if part == BASE else row.seat_minor for row in rows}
                if amounts:
                    marks = {"plan": plan.slug, "part": part}
                    key = plan_key(plan.slug, part, interval)
                    price = PriceFacts("", key, marks, interval, _listed_first(amounts))
                    name = plan.name if part == BASE else f"{plan.name}, seats"
                    yield Good(f"parley_{plan.slug}_{part}", name, price)
    for pack in Pack.objects.prefetch_related("prices"):
        amounts = {row.currency: row.amount_minor for row in pack.prices.all()}
        if amounts:
            price = PriceFacts("", pack_key(pack.slug), {"pack": pack.slug}, "", _listed_first(amounts))
            yield Good(f"parley_{pack.slug}", f"{pack.credits:,} credits", price)


def _listed_first(amounts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(amounts.items(), key=lambda pair: (pair[0] != LIST_CURRENCY, pair[0])))


def set_up() -> Iterator[str]:
    """Make Stripe's products, prices and Portal what our rows say; says each thing that was done."""
    wanted = list(goods())
    offered: dict[str, PriceFacts] = {}
    for start in range(0, len(wanted), 10):
        offered |= stripe_api.prices([good.price.lookup_key for good in wanted[start : start + 10]])
    for product_id, name in dict.fromkeys((good.product_id, good.name) for good in wanted):
        if _put_product(product_id, name):
            yield f"Made the product {name}."
    for good in wanted:
        old = offered.get(good.price.lookup_key)
        if old and (old.amounts, old.interval, old.metadata) == (
            *(good.price.amounts, good.price.interval, good.price.metadata),
        ):
            continue
        _put_price(good.price, good.product_id)
        yield f"{'Changed' if old else 'Made'} the price {good.price.lookup_key}."
        if old:
            stripe_api.ask("prices.update", old.id, key=stripe_api.once(), active=False)
    yield "Made the configuration of the Portal." if _put_portal() else "The Portal is configured."


def _put_product(product_id: str, name: str) -> bool:
    """Make a product under this id, or give it this name. Says whether it is new."""
    try:
        found = stripe_api.ask("products.retrieve", product_id)
    except StripeSaidNo as refusal:
        if refusal.details.get("problem") != "resource_missing":
            raise
        stripe_api.ask("products.create", key=stripe_api.once(), id=product_id, name=name, metadata={"parley": "1"})
        return True
    if found["name"] != name or not found["active"]:
        stripe_api.ask("products.update", product_id, key=stripe_api.once(), name=name, active=True)
    return False


def _put_price(price: PriceFacts, product_id: str) -> None:
    """Put a price on offer under its key, whoever had that before."""
    currency, *others = price.amounts
    given: Thing = {
        "product": product_id,
        "currency": currency,
        "unit_amount": price.amounts[currency],
        "lookup_key": price.lookup_key,
        "transfer_lookup_key": True,
        "metadata": price.metadata,
    }
    if others:
        given["currency_options"] = {other: {"unit_amount": price.amounts[other]} for other in others}
    if price.interval:
        given["recurring"] = {"interval": price.interval}
    if settings.STRIPE_TAX:
        given["tax_behavior"] = "exclusive"
    stripe_api.ask("prices.create", key=stripe_api.once(), **given)


def _put_portal() -> bool:
    """Set what customers may do in the Portal. Says whether its configuration is new.

    Plans and seats are changed here and not there, where nobody would be told what becomes of Spaces and credits.
    """
    if found := portal_id():
        stripe_api.ask("billing_portal.configurations.update", found, key=stripe_api.once(), features=PORTAL)
        return False
    stripe_api.ask(
        "billing_portal.configurations.create",
        key=stripe_api.once(),
        features=PORTAL,
        default_return_url=settings.PARLEY_URL,
        metadata={"parley": "1"},
    )
    return True


def price_ids(keys: list[str]) -> list[str]:
    """The ids of what is on offer under these keys, in that order. Raises StripeSaidNo where one was never set up."""
    found = stripe_api.prices(keys)
    if len(found) < len(keys):
        raise StripeSaidNo(problem="not_set_up", said="bin/manage stripe_setup has not been run")
    return [found[key].id for key in keys]


def portal_id() -> str:
    """The configuration of the Portal that is ours; empty before it was set up."""
    for found in stripe_api.pages("billing_portal.configurations.list", active=True, limit=100):
        if (found.get("metadata") or {}).get("parley"):
            return str(found["id"])
    return ""
