"""Disputes: a card's owner takes a charge back, and it is won or lost.

*Called by*: routes.py, payment_intents.py, control.py and the index page, which make and end them.
"""

from config.local.stripe_stand_in import answers, events
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import DAY, World

TEXTS = (
    *("product_description", "customer_name", "customer_email_address", "uncategorized_text", "service_date"),
    *("access_activity_log", "cancellation_rebuttal", "refund_refusal_explanation", "customer_purchase_ip"),
)
NOTHING = (
    *("billing_address", "cancellation_policy", "cancellation_policy_disclosure", "customer_communication"),
    *("customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id"),
    *("receipt", "refund_policy", "refund_policy_disclosure", "service_documentation", "shipping_address"),
    *("shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
)


def open_for(world: World, charge: Thing, *, reason: str = "general", amount: int | None = None) -> Thing:
    """Take a charge back: the money is withdrawn at once."""
    if charge["disputed"] or not charge["paid"]:
        raise invalid(f"Charge {charge['id']} cannot be disputed: it is already, or was never paid.")
    now = world.now(charge)
    values: Thing = {
        "amount": charge["amount"] if amount is None else amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(TEXTS + NOTHING), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + 7 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network": "visa",
            }
            | {"network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
    dispute = world.add("dispute", values, at=now)
    before = events.remember(charge)
    charge["disputed"] = True
    events.note(world, dispute, "created")
    events.note(world, dispute, "funds_withdrawn")
    events.note_update(world, charge, before)
    return dispute


def end(world: World, dispute: Thing, *, won: bool) -> Thing:
    """Decide it; what was won comes back."""
    if dispute["status"] in ("won", "lost"):
        raise invalid(f"This dispute is already closed ({dispute['status']}).")
    dispute["status"] = "won" if won else "lost"
    if won:
        events.note(world, dispute, "funds_reinstated")
    events.note(world, dispute, "closed")
    return dispute


@route(
    "POST",
    "disputes/{dispute}",
    {"evidence": dict.fromkeys(TEXTS, str), "metadata": METADATA, "submit": bool},
)
def update(world: World, given: Thing, dispute: str) -> Thing:
    found = world.get("dispute", dispute)
    before = events.remember(found)
    if "metadata" in given:
        found["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    if evidence := given.get("evidence"):
        found["evidence"] |= evidence
        found["evidence_details"]["has_evidence"] = True
        if given.get("submit", True):
            found["evidence_details"] |= {"submission_count": 1, "submission_method": "manual"}
            found["status"] = "under_review"
            # What Stripe's test mode does with these two texts.
            if evidence.get("uncategorized_text") in ("winning_evidence", "losing_evidence"):
                end(world, found, won=evidence["uncategorized_text"] == "winning_evidence")
    events.note_update(world, found, before)
    return found


@route("POST", "disputes/{dispute}/close")
def close(world: World, given: Thing, dispute: str) -> Thing:
    return end(world, world.get("dispute", dispute), won=False)


@route("GET", "disputes/{dispute}")
def retrieve(world: World, given: Thing, dispute: str) -> Thing:
    return world.get("dispute", dispute)


@route("GET", "disputes", {**PAGED, "created": SPAN, "charge": str, "payment_intent": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("charge", "payment_intent") if given.get(name)}
    return answers.page(world.all("dispute", **alike), given, "/v1/disputes")
