"""Drafts of invoices: for whom, of which lines, with which discounts.

*Called by*: invoices.py, subscriptions.py, proration.py, renewals.py, checkout_payment.py. *Keeps true*: a draft says
for whom it is as that customer was when it was made.
"""

from config.local.stripe_stand_in import events, invoice_totals
from config.local.stripe_stand_in.answers import listed
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World

NOTHING = (
    *("account_tax_ids", "application", "automatically_finalizes_at", "custom_fields", "customer_shipping"),
    *(
        "default_payment_method",
        "default_source",
        "description",
        "due_date",
        "effective_at",
        "ending_balance",
        "footer",
    ),
    *("from_invoice", "hosted_invoice_url", "invoice_pdf", "last_finalization_error", "latest_revision"),
    *("next_payment_attempt", "number", "on_behalf_of", "receipt_number", "rendering", "shipping_cost"),
    *("shipping_details", "statement_descriptor", "threshold_reason", "webhooks_delivered_at", "parent"),
)


def draft(
    world: World,
    customer: Thing,
    lines: list[Thing],
    *,
    reason: str,
    currency: str,
    period: tuple[int, int],
    subscription: Thing | None = None,
    **more: object,
) -> Thing:
    """A new draft, told."""
    about = _about(world, customer, subscription)
    values: Thing = {
        **about,
        "billing_reason": reason,
        "currency": currency,
        "period_end": period[1],
        "period_start": period[0],
        **more,
    }
    invoice = world.add("invoice", values)
    invoice["lines"] = listed(lines, f"/v1/invoices/{invoice['id']}/lines")
    customer["currency"] = customer["currency"] or currency
    for line in lines:
        claim(world, invoice, line)
    invoice_totals.add_up(world, invoice)
    if subscription:
        subscription["latest_invoice"] = invoice["id"]
    events.note(world, invoice, "created")
    return invoice


def _about(world: World, customer: Thing, subscription: Thing | None) -> Thing:
    """What a new invoice says before it has lines."""
    has_tax = bool(subscription and subscription["automatic_tax"]["enabled"])
    return {
        **dict.fromkeys(NOTHING),
        "account_country": "US",
        "account_name": "Stripe stand-in",
        **dict.fromkeys(("amount_overpaid", "amount_paid", "amount_shipping", "attempt_count"), 0),
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": tax_fields(enabled=has_tax),
        "collection_method": subscription["collection_method"] if subscription else "charge_automatically",
        "customer": customer["id"],
        **{f"customer_{name}": customer[name] for name in ("address", "email", "name", "phone", "tax_exempt")},
        "customer_tax_ids": [_tax_id(each) for each in world.all("tax_id", customer=customer["id"])],
        "default_tax_rates": [],
        "discounts": _discounts(world, customer, subscription),
        "issuer": {"type": "self"},
        "metadata": {},
        "parent": _parent(subscription),
        "payment_settings": dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": customer["balance"],
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "test_clock": customer["test_clock"],
        "total_pretax_credit_amounts": [],
        "_subscription": subscription["id"] if subscription else None,
        "_intent": None,
    }


def tax_fields(*, enabled: bool) -> Thing:
    liability = {"type": "self"} if enabled else None
    provider = "stripe" if enabled else None
    return {"disabled_reason": None, "enabled": enabled, "liability": liability, "provider": provider, "status": None}


def _tax_id(tax_id: Thing) -> Thing:
    return {"type": tax_id["type"], "value": tax_id["value"]}


def _parent(subscription: Thing | None) -> Thing | None:
    if not subscription:
        return None
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _discounts(world: World, customer: Thing, subscription: Thing | None) -> list[str]:
    """The discounts that hold now: the subscription's, else the customer's."""
    keys = subscription["discounts"] if subscription else []
    if not keys and customer["discount"]:
        keys = [customer["discount"]["id"]]
    now, holding = world.now(customer), []
    for key in keys:
        discount = world.things["discount"][key]
        if discount["end"] is None or discount["end"] > now:
            holding.append(key)
    return holding


def claim(world: World, invoice: Thing, line: Thing) -> None:
    details = line["parent"].get("invoice_item_details") or line["parent"]["subscription_item_details"]
    if key := details.get("invoice_item"):
        world.things["invoiceitem"][key]["invoice"] = invoice["id"]
