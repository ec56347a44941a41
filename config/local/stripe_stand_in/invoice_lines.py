"""What an invoice is made of: lines for items of a subscription, and pending items that wait for the next invoice.

*Called by*: subscriptions.py, renewals.py, proration.py, invoices.py. *Keeps true*: a pending item is billed once.
"""

from decimal import Decimal

from config.local.stripe_stand_in import answers, customers, events, invoices, periods, products
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.periods import money_words
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World


def describe(world: World, price: Thing, quantity: int, currency: str) -> str:
    """3 × Team (at $9.00 / month)"""
    product = world.things["product"][price["product"]]
    each = money_words(products.amount_in(price, currency), currency)
    rhythm = price["recurring"]
    per = ""
    if rhythm:
        count = rhythm["interval_count"]
        per = f" / {rhythm['interval']}" if count == 1 else f" / every {count} {rhythm['interval']}s"
    return f"{quantity} × {product['name']} (at {each}{per})"


def of_item(
    world: World, subscription: Thing, item: Thing, period: tuple[int, int], *, amount: int | None = None
) -> Thing:
    """The line of one item for one period; nothing for a trial, where `amount` says 0."""
    price, quantity, currency = item["price"], item["quantity"], subscription["currency"]
    whole = products.amount_in(price, currency) * quantity
    words = describe(world, price, quantity, currency)
    if amount == 0 and subscription["status"] == "trialing":
        words = f"Trial period for {world.things['product'][price['product']]['name']}"
    details = {
        "invoice_item": None,
        "proration": amount is not None and amount != whole and bool(amount),
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return _line(
        world,
        amount=whole if amount is None else amount,
        currency=currency,
        description=words,
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        period={"start": period[0], "end": period[1]},
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
    )


def of_pending(world: World, pending: Thing) -> Thing:
    """The line of a pending item."""
    subscription = ((pending["parent"] or {}).get("subscription_details") or {}).get("subscription")
    details: Thing = {
        "invoice_item": pending["id"],
        "proration": pending["proration"],
        "proration_details": {"credited_items": None},
        "subscription": subscription,
    }
    kind = "invoice_item_details"
    if pending["proration"] and subscription:
        kind = "subscription_item_details"
        details["subscription_item"] = pending["parent"]["subscription_details"]["subscription_item"]
    other = {"invoice_item_details", "subscription_item_details"} - {kind}
    return _line(
        world,
        amount=pending["amount"],
        currency=pending["currency"],
        description=pending["description"],
        metadata=dict(pending["metadata"]),
        parent={kind: details, other.pop(): None, "type": kind},
        period=dict(pending["period"]),
        price=world.find("price", pending["_price"]),
        quantity=pending["quantity"],
        subscription=subscription,
        discountable=pending["discountable"],
        customer=pending["customer"],
    )


def _line(
    world: World, *, price: Thing | None, discountable: bool = True, customer: str | None = None, **values: object
) -> Thing:
    line = world.add(
        "line_item",
        {
            **values,
            "discount_amounts": [],
            "discountable": discountable,
            "discounts": [],
            "invoice": None,
            "pretax_credit_amounts": [],
            "pricing": pricing(price, str(values["currency"])) if price else None,
            "quantity_decimal": str(values["quantity"]),
            "subtotal": values["amount"],
            "taxes": [],
            "_product": price["product"] if price else None,
        },
    )
    del line["created"]
    del world.things["line_item"][line["id"]]  # it lives in its invoice
    return line


def pricing(price: Thing, currency: str) -> Thing:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": str(Decimal(products.amount_in(price, currency))),
    }


def pend(
    world: World,
    customer: Thing,
    *,
    amount: int,
    currency: str,
    description: str | None,
    period: tuple[int, int],
    price: Thing | None = None,
    quantity: int = 1,
    subscription: Thing | None = None,
    item: str | None = None,
    metadata: Thing | None = None,
    **more: object,
) -> Thing:
    """Keep something to be billed with the next invoice."""
    details = {"subscription": subscription["id"], "subscription_item": item} if subscription else None
    now = world.now(customer)
    values: Thing = {
        "amount": amount,
        "currency": currency,
        "customer": customer["id"],
        "date": now,
        "description": description,
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "metadata": metadata or {},
        "net_amount": amount,
        "parent": {"subscription_details": details, "type": "subscription_details"} if details else None,
        "period": {"start": period[0], "end": period[1]},
        "pricing": pricing(price, currency) if price else None,
        "proration": item is not None,
        "proration_details": {"discount_amounts": []} if item else None,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": [],
        "test_clock": customer["test_clock"],
        "_price": price["id"] if price else None,
        **more,
    }
    kept = world.add("invoiceitem", values)
    del kept["created"]
    events.note(world, kept, "created")
    return kept


def take_pending(world: World, customer: str, *, subscription: str | None) -> list[Thing]:
    """What waits to be billed to that subscription (or to nobody's), oldest first."""
    found = []
    for pending in world.all("invoiceitem", customer=customer, invoice=None):
        details = (pending["parent"] or {}).get("subscription_details") or {}
        if details.get("subscription") in (None, subscription):
            found.append(pending)
    return found


@route(
    "POST",
    "invoiceitems",
    {
        "customer!": str,
        "amount": int,
        "currency": str,
        "description": str,
        "quantity": int,
        "invoice": str,
        "subscription": str,
        "discountable": bool,
        "unit_amount_decimal": str,
        "pricing": {"price": str},
        "period": {"start!": int, "end!": int},
        "metadata": METADATA,
    },
)
def create(world: World, given: Thing) -> Thing:
    customer = customers.ask(world, given["customer"])
    price_id = (given.get("pricing") or {}).get("price")
    price = products.ask_price(world, price_id, param="pricing[price]") if price_id else None
    quantity = given.get("quantity") or 1
    currency = (given.get("currency") or (price["currency"] if price else customer["currency"] or "usd")).lower()
    amount = products.amount_in(price, currency) * quantity if price else given.get("amount")
    if amount is None:
        raise invalid("You must pass either amount or pricing.", param="amount", code="parameter_missing")
    subscription = world.get("subscription", given["subscription"]) if given.get("subscription") else None
    now = world.now(customer)
    span = given.get("period") or {"start": now, "end": now}
    pending = pend(
        world,
        customer,
        amount=amount,
        currency=currency,
        description=given.get("description"),
        period=(span["start"], span["end"]),
        price=price,
        quantity=quantity,
        subscription=subscription,
        metadata=merge_metadata({}, given.get("metadata", {})),
        discountable=given.get("discountable", True),
    )
    if given.get("invoice"):
        invoices.add_pending(world, world.get("invoice", given["invoice"], param="invoice"), pending)
    return pending


@route("GET", "invoiceitems/{pending}")
def retrieve(world: World, given: Thing, pending: str) -> Thing:
    return world.get("invoiceitem", pending)


@route("GET", "invoiceitems", {**PAGED, "created": SPAN, "customer": str, "invoice": str, "pending": bool})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("customer", "invoice") if given.get(name)}
    found = world.all("invoiceitem", **alike)
    if "pending" in given:
        found = [each for each in found if (each["invoice"] is None) == given["pending"]]
    return answers.page(found, given, "/v1/invoiceitems")


@route("DELETE", "invoiceitems/{pending}")
def delete(world: World, given: Thing, pending: str) -> Thing:
    found = world.get("invoiceitem", pending)
    if found["invoice"]:
        raise invalid("This invoice item is attached to an invoice, so it cannot be deleted.")
    del world.things["invoiceitem"][pending]
    events.note(world, found, "deleted")
    return {"id": pending, "object": "invoiceitem", "deleted": True}


def period_words(period: Thing) -> str:
    return f"{periods.day_words(period['start'])} – {periods.day_words(period['end'])}"
