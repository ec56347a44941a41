"""Payments that take days: a bank account in Checkout, which is paid or fails after three of them.

*Called by*: checkout_page.py, renewals.py (due). *Keeps true*: a session is complete when the account was given, and
paid only once the bank has said so.
"""

from collections.abc import Callable, Iterator

from config.local.stripe_stand_in import charges, checkout_payment, events, payment_intents, payment_methods
from config.local.stripe_stand_in.trouble import Refusal, Thing, declined
from config.local.stripe_stand_in.world import DAY, World

KIND = "us_bank_account"
DAYS = 3
# Stripe's account numbers for testing, and what becomes of a payment from them.
ACCOUNTS = {"000123456789": "Is paid after three days", "000222222227": "Fails after three days: no funds"}
FAILING = "000222222227"


def is_offered(session: Thing) -> bool:
    return session["mode"] == "payment" and KIND in session["payment_method_types"] and bool(session["amount_total"])


def begin(world: World, session: Thing, account: str, person: Thing) -> None:
    """Complete the session; its payment is on the way."""
    if account not in ACCOUNTS:
        raise Refusal(402, "The account number is incorrect.", kind="card_error", code="account_number_invalid")
    method = _make_method(world, account, person)
    intent = checkout_payment.find_intent(world, session, person)
    intent |= {"payment_method": method["id"], "status": "processing", "payment_method_types": [KIND]}
    charge = charges.make_pending(world, intent, method, {KIND: _details(method), "type": KIND})
    intent |= {
        "latest_charge": charge["id"],
        "_settles_at": world.now(intent) + DAYS * DAY,
        "_fails": account == FAILING,
    }
    events.note(world, intent, "processing")
    checkout_payment.close(world, session, person)


def _make_method(world: World, account: str, person: Thing) -> Thing:
    details = {name: person[name] for name in ("email", "name") if person[name]}
    method = payment_methods.blank(world, KIND, details)
    method[KIND] = {
        **dict.fromkeys(("financial_connections_account", "status_details")),
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "fingerprint": f"fp{account[-8:]}",
        "last4": account[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
    }
    return method


def _details(method: Thing) -> Thing:
    kept = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    return {**{name: method[KIND][name] for name in kept}, "payment_reference": None}


def due(world: World) -> Iterator[tuple[int, int, Callable[[], object]]]:
    """When the bank says what became of it."""
    for intent in world.all("payment_intent", status="processing"):
        yield intent["_settles_at"], 6, lambda found=intent: _settle(world, found)  # type: ignore[misc]


def _settle(world: World, intent: Thing) -> None:
    charge = world.get("charge", intent["latest_charge"])
    session = world.all("checkout.session", payment_intent=intent["id"])[0]
    if intent["_fails"]:
        refusal = declined(
            "insufficient_funds",
            "The customer's account has insufficient funds.",
            code="payment_intent_payment_attempt_failed",
        )
        charges.settle(world, charge, refusal)
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "last_payment_error": dict(refusal.error),
        }
        events.note(world, intent, "payment_failed")
        events.note(world, session, "async_payment_failed")
        return
    charges.settle(world, charge, None)
    payment_intents.note_success(world, intent, charge)
    session["payment_status"] = "paid"
    events.note(world, session, "async_payment_succeeded")
