"""Refunds, whole and in part.

*Called by*: routes.py. *Keeps true*: no more is given back than was taken; a disputed charge is not refunded.
"""

from config.local.stripe_stand_in import answers, events
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.periods import money_words
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@route(
    "POST",
    "refunds",
    {"amount": int, "charge": str, "payment_intent": str, "reason": REASONS, "metadata": METADATA},
)
def create(world: World, given: Thing) -> Thing:
    charge = _ask_charge(world, given)
    left = charge["amount"] - charge["amount_refunded"]
    amount = given["amount"] if given.get("amount") is not None else left
    if charge["refunded"]:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if amount < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > left:
        currency = charge["currency"]
        more, most = money_words(amount, currency), money_words(left, currency)
        raise invalid(f"Refund amount ({more}) is greater than unrefunded amount on charge ({most})", param="amount")
    values: Thing = {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    refund = world.add("refund", values)
    del refund["livemode"]
    before = events.remember(charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    events.note(world, refund, "created")
    events.note(world, charge, "refunded", before=before)
    return refund


def _ask_charge(world: World, given: Thing) -> Thing:
    if given.get("payment_intent"):
        intent = world.get("payment_intent", given["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        return world.get("charge", intent["latest_charge"])
    if not given.get("charge"):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    charge = world.get("charge", given["charge"], param="charge")
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} has not been paid, so it cannot be refunded.", param="charge")
    return charge


@route("POST", "refunds/{refund}", {"metadata": METADATA})
def update(world: World, given: Thing, refund: str) -> Thing:
    found = world.get("refund", refund)
    before = events.remember(found)
    found["metadata"] = merge_metadata(found["metadata"], given.get("metadata", {}))
    events.note_update(world, found, before)
    return found


@route("GET", "refunds/{refund}")
def retrieve(world: World, given: Thing, refund: str) -> Thing:
    return world.get("refund", refund)


@route("GET", "refunds", {**PAGED, "created": SPAN, "charge": str, "payment_intent": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("charge", "payment_intent") if given.get(name)}
    return answers.page(world.all("refund", **alike), given, "/v1/refunds")
