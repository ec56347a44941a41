"""Charges: what a payment did to a card.

*Called by*: payment_intents.py, refunds.py, disputes.py, routes.py.
"""

from config.local.stripe_stand_in import answers, events
from config.local.stripe_stand_in.answers import listed, on_demand
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World

NOTHING = (
    *("application", "application_fee", "application_fee_amount", "calculated_statement_descriptor", "failure_code"),
    *(
        "failure_balance_transaction",
        "failure_message",
        "on_behalf_of",
        "receipt_number",
        "review",
        "shipping",
        "source",
    ),
    *("source_transfer", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"),
)


def make(world: World, intent: Thing, method: Thing, *, refusal: Refusal | None = None) -> Thing:
    """Charge a card for an intent, or note that it declined; and tell it."""
    charge = _add(world, intent, method, {"card": _card(method, intent["amount"]), "type": "card"})
    settle(world, charge, refusal)
    return charge


def make_pending(world: World, intent: Thing, method: Thing, details: Thing) -> Thing:
    """A charge of which it is not known yet what becomes of it."""
    charge = _add(world, intent, method, details)
    events.note(world, charge, "pending")
    return charge


def _add(world: World, intent: Thing, method: Thing, details: Thing) -> Thing:
    values: Thing = {
        **dict.fromkeys((*NOTHING, "outcome", "receipt_url")),
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": dict(method["billing_details"]),
        "captured": False,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "pending",
    }
    return world.add("charge", values)


def settle(world: World, charge: Thing, refusal: Refusal | None) -> None:
    """It is paid, or it is not; tell it."""
    charge |= {"outcome": _outcome(refusal), "status": "failed" if refusal else "succeeded", "captured": not refusal}
    charge["paid"] = not refusal
    if refusal:
        charge |= {"failure_code": refusal.error.get("code"), "failure_message": refusal.error["message"]}
    else:
        charge |= {"amount_captured": charge["amount"], "receipt_url": f"{world.url}/receipts/{charge['id']}"}
    events.note(world, charge, "failed" if refusal else "succeeded")


def _outcome(refusal: Refusal | None) -> Thing:
    declined_by = refusal.error.get("decline_code", refusal.error.get("code")) if refusal else None
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if refusal else "approved_by_network",
        "reason": declined_by,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details." if refusal else "Payment complete.",
        "type": "issuer_declined" if refusal else "authorized",
    }


def _card(method: Thing, amount: int) -> Thing:
    card = method["card"]
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        **{name: card[name] for name in kept},
        "amount_authorized": amount,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "three_d_secure": None,
        "wallet": None,
    }


@on_demand("charge", "refunds")
def tell_refunds(world: World, charge: Thing) -> Thing:
    return listed(world.all("refund", charge=charge["id"])[::-1], f"/v1/charges/{charge['id']}/refunds")


@route("GET", "charges/search", {"query!": str, "limit": int, "page": str})
def search(world: World, given: Thing) -> Thing:
    return answers.search(world.all("charge"), given, "/v1/charges/search")


@route("GET", "charges/{charge}")
def retrieve(world: World, given: Thing, charge: str) -> Thing:
    return world.get("charge", charge)


@route("POST", "charges/{charge}", {"description": str, "metadata": METADATA, "receipt_email": str})
def update(world: World, given: Thing, charge: str) -> Thing:
    found = world.get("charge", charge)
    before = events.remember(found)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given
    events.note_update(world, found, before)
    return found


@route("GET", "charges", {**PAGED, "created": SPAN, "customer": str, "payment_intent": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("customer", "payment_intent") if given.get(name)}
    return answers.page(world.all("charge", **alike), given, "/v1/charges")
