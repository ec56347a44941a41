"""Customers, what they owe or are owed, and their tax numbers.

*Called by*: routes.py, the pages. *Keeps true*: the balance is the sum of its transactions.
"""

from config.local.stripe_stand_in import answers, events, payment_methods, subscriptions
from config.local.stripe_stand_in.answers import listed, on_demand
from config.local.stripe_stand_in.parameters import ADDRESS, METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

SHIPPING = {"address!": ADDRESS, "name!": str, "phone": str}
FIELDS = {
    **dict.fromkeys(("name", "email", "description", "phone", "invoice_prefix", "business_name"), str),
    "address": ADDRESS,
    "shipping": SHIPPING,
    "balance": int,
    "metadata": METADATA,
    "preferred_locales": [str],
    "next_invoice_sequence": int,
    "invoice_settings": {"default_payment_method": str, "footer": str},
    "tax_exempt": ("none", "exempt", "reverse"),
    "tax": {"ip_address": str, "validate_location": ("deferred", "immediately")},
}
TAX_ID = {"type!": str, "value!": str}


@route(
    "POST", "customers", {**FIELDS, "payment_method": str, "test_clock": str, "tax_id_data": [TAX_ID], "source": str}
)
def create(world: World, given: Thing) -> Thing:
    if given.get("test_clock"):
        world.get("test_helpers.test_clock", given["test_clock"], param="test_clock", said="test clock")
    balance, method = given.pop("balance", 0), given.pop("payment_method", None)
    tax_ids = given.pop("tax_id_data", [])
    given.pop("tax", None)
    _check_email(given)
    values: Thing = {
        **dict.fromkeys(("address", "currency", "description", "discount", "email", "name", "phone", "shipping")),
        "balance": 0,
        "default_source": None,
        "delinquent": False,
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        "test_clock": None,
        **given,
        "metadata": merge_metadata({}, given.get("metadata", {})),
    }
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    values["invoice_settings"] = settings | (given.get("invoice_settings") or {})
    customer = world.add("customer", values)
    customer["invoice_prefix"] = given.get("invoice_prefix") or customer["id"][-8:].upper()
    if balance:
        move_balance(world, customer, balance, kind="adjustment")
    for each in tax_ids:
        create_tax_id(world, each, customer=customer["id"])
    events.note(world, customer, "created")
    if method:
        kept = payment_methods.attach(world, {"customer": customer["id"]}, method=method)
        customer["invoice_settings"]["default_payment_method"] = kept["id"]
    return customer


def _check_email(given: Thing) -> None:
    if (email := given.get("email")) and "@" not in email:
        raise invalid(f"Invalid email address: {email}", param="email", code="email_invalid")


def ask(world: World, key: object, *, param: str = "customer") -> Thing:
    """The customer of that id, who has not been deleted."""
    customer = world.get("customer", key, param=param)
    if customer.get("deleted"):
        raise invalid(f"No such customer: '{key}'", param=param, code="resource_missing")
    return customer


@route("POST", "customers/{customer}", {**FIELDS, "default_source": str})
def update(world: World, given: Thing, customer: str) -> Thing:
    found = ask(world, customer, param="id")
    before = events.remember(found)
    _check_email(given)
    given.pop("tax", None)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    if (settings := given.pop("invoice_settings", None)) is not None:
        if method := settings.get("default_payment_method"):
            kept = world.get("payment_method", method, param="invoice_settings[default_payment_method]")
            if kept["customer"] != found["id"]:
                why = "The customer does not have a payment method with the ID"
                raise invalid(
                    f"{why} {method}. The payment method must be attached to the customer.",
                    param="invoice_settings[default_payment_method]",
                )
        found["invoice_settings"] |= settings
    if (balance := given.pop("balance", None)) is not None:
        move_balance(world, found, balance - found["balance"], kind="adjustment")
    found |= given
    events.note_update(world, found, before)
    return found


@route("GET", "customers/search", {"query!": str, "limit": int, "page": str})
def search(world: World, given: Thing) -> Thing:
    here = [customer for customer in world.all("customer") if not customer.get("deleted")]
    return answers.search(here, given, "/v1/customers/search")


@route("GET", "customers/{customer}")
def retrieve(world: World, given: Thing, customer: str) -> Thing:
    found = world.get("customer", customer)
    return {"id": found["id"], "object": "customer", "deleted": True} if found.get("deleted") else found


@route("GET", "customers", {**PAGED, "created": SPAN, "email": str, "test_clock": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("email",) if given.get(name)}
    found = [
        customer
        for customer in world.all("customer", **alike)
        if not customer.get("deleted") and customer["test_clock"] == given.get("test_clock")
    ]
    return answers.page(found, given, "/v1/customers")


@route("DELETE", "customers/{customer}")
def delete(world: World, given: Thing, customer: str) -> Thing:
    found = ask(world, customer, param="id")
    for subscription in world.all("subscription", customer=customer):
        if subscription["status"] not in subscriptions.ENDED:
            subscriptions.end(world, subscription, reason="cancellation_requested")
    found["deleted"] = True
    events.note(world, found, "deleted")
    return {"id": customer, "object": "customer", "deleted": True}


def move_balance(world: World, customer: Thing, amount: int, *, kind: str, **more: object) -> Thing:
    """Change what a customer owes (more) or is owed (less than nothing)."""
    customer["balance"] += amount
    values: Thing = {
        "amount": amount,
        "checkout_session": None,
        "credit_note": None,
        "currency": customer["currency"] or "usd",
        "customer": customer["id"],
        "description": None,
        "ending_balance": customer["balance"],
        "invoice": None,
        "metadata": {},
        "type": kind,
        **more,
    }
    return world.add("customer_balance_transaction", values)


@route(
    "POST",
    "customers/{customer}/balance_transactions",
    {"amount!": int, "currency!": str, "description": str, "metadata": METADATA},
)
def create_balance_transaction(world: World, given: Thing, customer: str) -> Thing:
    found = ask(world, customer)
    before = events.remember(found)
    metadata = merge_metadata({}, given.pop("metadata", {}))
    moved = move_balance(world, found, given.pop("amount"), kind="adjustment", **given, metadata=metadata)
    events.note_update(world, found, before)
    return moved


@route("GET", "customers/{customer}/balance_transactions", {**PAGED, "created": SPAN, "invoice": str})
def list_balance_transactions(world: World, given: Thing, customer: str) -> Thing:
    ask(world, customer)
    found = world.all("customer_balance_transaction", customer=customer)
    return answers.page(found, given, f"/v1/customers/{customer}/balance_transactions")


@route("POST", "customers/{customer}/tax_ids", TAX_ID)
def create_tax_id(world: World, given: Thing, customer: str) -> Thing:
    ask(world, customer)
    values: Thing = {
        "country": given["value"][:2].upper() if given["type"] == "eu_vat" else None,
        "customer": customer,
        "owner": {"type": "customer", "customer": customer},
        **given,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    tax_id = world.add("tax_id", values)
    events.note(world, tax_id, "created")
    return tax_id


@route("GET", "customers/{customer}/tax_ids", PAGED)
def list_tax_ids(world: World, given: Thing, customer: str) -> Thing:
    ask(world, customer)
    return answers.page(world.all("tax_id", customer=customer), given, f"/v1/customers/{customer}/tax_ids")


@route("DELETE", "customers/{customer}/tax_ids/{tax_id}")
def delete_tax_id(world: World, given: Thing, customer: str, tax_id: str) -> Thing:
    found = world.get("tax_id", tax_id)
    del world.things["tax_id"][tax_id]
    events.note(world, found, "deleted")
    return {"id": tax_id, "object": "tax_id", "deleted": True}


@on_demand("customer", "tax_ids")
def tell_tax_ids(world: World, customer: Thing) -> Thing:
    return listed(world.all("tax_id", customer=customer["id"]), f"/v1/customers/{customer['id']}/tax_ids")


@on_demand("customer", "subscriptions")
def tell_subscriptions(world: World, customer: Thing) -> Thing:
    here = [each for each in world.all("subscription", customer=customer["id"]) if each["status"] != "canceled"]
    return listed(here[::-1], f"/v1/customers/{customer['id']}/subscriptions")


@on_demand("customer", "tax")
def tell_tax(world: World, customer: Thing) -> Thing:
    is_known = bool((customer["address"] or {}).get("country"))
    state = "supported" if is_known else "unrecognized_location"
    return {"automatic_tax": state, "ip_address": None, "location": None, "provider": "stripe"}
