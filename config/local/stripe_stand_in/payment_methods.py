"""Saved cards.

*Called by*: routes.py, customers.py, checkout and portal pages. *Keeps true*: a card belongs to one customer for
good; once detached it can be charged no more.
"""

from config.local.stripe_stand_in import answers, cards, customers, events
from config.local.stripe_stand_in.parameters import ADDRESS, METADATA, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter
from config.local.stripe_stand_in.world import World

DETAILS = {"address": ADDRESS, "email": str, "name": str, "phone": str}
CARD = {"number": str, "exp_month": int, "exp_year": int, "cvc": str, "token": str}


def make(
    world: World, card: cards.Card, *, details: Thing | None = None, expires: tuple[int, int] = (12, 2034)
) -> Thing:
    """A new payment method of a test card, nobody's yet."""
    method = blank(world, "card", details)
    method |= {"_number": card.number, "_is_set_up": False}
    method["card"] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": expires[0],
        "exp_year": expires[1],
        "fingerprint": f"fp{card.number[-12:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return method


def blank(world: World, kind: str, details: Thing | None) -> Thing:
    """A payment method of some kind, without what is special to the kind."""
    about: Thing = {**dict.fromkeys(("email", "name", "phone", "tax_id")), "address": dict.fromkeys(ADDRESS)}
    values: Thing = {
        "allow_redisplay": "unspecified",
        "billing_details": about | (details or {}),
        "customer": None,
        "metadata": {},
        "type": kind,
    }
    return world.add("payment_method", values)


def ask(world: World, key: object, *, param: str = "payment_method") -> Thing:
    """The method of an id; one of Stripe's test names gives a new one each time."""
    if isinstance(key, str) and (card := cards.BY_TOKEN.get(key)):
        return make(world, card)
    return world.get("payment_method", key, param=param, said="PaymentMethod")


@route("POST", "payment_methods", {"type!": ("card",), "card": CARD, "billing_details": DETAILS, "metadata": METADATA})
def create(world: World, given: Thing) -> Thing:
    card = given.get("card") or {}
    if not card.get("number"):
        raise missing_parameter("card[number]")
    method = make(
        world,
        cards.read(card["number"]),
        details=given.get("billing_details"),
        expires=(card.get("exp_month") or 12, card.get("exp_year") or 2034),
    )
    method["metadata"] = merge_metadata({}, given.get("metadata", {}))
    return method


@route("POST", "payment_methods/{method}/attach", {"customer!": str})
def attach(world: World, given: Thing, method: str) -> Thing:
    """Save a card. Raises the decline of those that cannot be saved."""
    customer = customers.ask(world, given["customer"])
    found = ask(world, method)
    if found["customer"] and found["customer"] != customer["id"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if found.get("_is_detached"):
        why = "This PaymentMethod was previously used without being attached to a Customer or was detached from one"
        raise invalid(f"{why}, and may not be used again.")
    if refusal := cards.refuse_saving(found):
        raise refusal
    if not found["customer"]:
        before = events.remember(found)
        found["customer"] = customer["id"]
        events.note(world, found, "attached", before=before)
    return found


@route("POST", "payment_methods/{method}/detach")
def detach(world: World, given: Thing, method: str) -> Thing:
    found = ask(world, method)
    if not found["customer"]:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    customer = world.get("customer", found["customer"])
    before = events.remember(found)
    found |= {"customer": None, "_is_detached": True}
    if customer["invoice_settings"]["default_payment_method"] == found["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
    for subscription in world.all("subscription", default_payment_method=found["id"]):
        subscription["default_payment_method"] = None
    events.note(world, found, "detached", before=before)
    return found


@route("POST", "payment_methods/{method}", {"billing_details": DETAILS, "metadata": METADATA})
def update(world: World, given: Thing, method: str) -> Thing:
    found = ask(world, method)
    before = events.remember(found)
    found["billing_details"] |= given.get("billing_details") or {}
    if "metadata" in given:
        found["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    events.note_update(world, found, before)
    return found


@route("GET", "payment_methods/{method}")
def retrieve(world: World, given: Thing, method: str) -> Thing:
    return ask(world, method)


@route("GET", "payment_methods", {**PAGED, "customer": str, "type": ("card",)})
def list_all(world: World, given: Thing) -> Thing:
    found = world.all("payment_method", customer=given["customer"]) if given.get("customer") else []
    return answers.page(found, given, "/v1/payment_methods")


@route("GET", "customers/{customer}/payment_methods", {**PAGED, "type": ("card",)})
def list_of_customer(world: World, given: Thing, customer: str) -> Thing:
    customers.ask(world, customer)
    found = world.all("payment_method", customer=customer)
    return answers.page(found, given, f"/v1/customers/{customer}/payment_methods")


@route("GET", "customers/{customer}/payment_methods/{method}")
def retrieve_of_customer(world: World, given: Thing, customer: str, method: str) -> Thing:
    found = ask(world, method)
    if found["customer"] != customer:
        raise invalid(f"No such payment_method: '{method}'", code="resource_missing")
    return found
