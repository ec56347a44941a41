"""What a Checkout session comes to: its lines, discounts, tax, and what is due today.

*Called by*: checkout.py, checkout_page.py.
"""

from decimal import Decimal

from config.local.stripe_stand_in import coupons, products
from config.local.stripe_stand_in.periods import rounded
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World


def add_up(world: World, session: Thing) -> None:
    """Sum the session anew, after its lines, codes or currency changed."""
    lines = []
    for bought in session["_lines"]:
        price = world.get("price", bought["price"])
        amount = products.amount_in(price, session["currency"]) * bought["quantity"]
        is_later = bool(price["recurring"] and session["_trial"])
        lines.append({**bought, "amount": amount, "today": 0 if is_later else amount, "off": 0, "tax": 0})
    for given in session["_discounts"]:
        coupon, _ = coupons.ask(world, given, customer=None, param="discounts[0]")
        _take_off(coupon, lines, session["currency"], world)
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
        for line in lines:
            line["tax"] = rounded((line["today"] - line["off"]) * Decimal(str(world.options.tax_percent)) / 100)
    session["_sums"] = lines
    off, tax = sum(line["off"] for line in lines), sum(line["tax"] for line in lines)
    session["amount_subtotal"] = sum(line["today"] for line in lines)
    session["amount_total"] = session["amount_subtotal"] - off + tax
    session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": tax}


def _take_off(coupon: Thing, lines: list[Thing], currency: str, world: World) -> None:
    products_ = {line["price"]: world.get("price", line["price"])["product"] for line in lines}
    on = [line for line in lines if not coupon["_products"] or products_[line["price"]] in coupon["_products"]]
    if coupon["percent_off"]:
        for line in on:
            line["off"] += rounded((line["today"] - line["off"]) * Decimal(str(coupon["percent_off"])) / 100)
        return
    left = coupons.amount_off(coupon, currency)
    for line in on:
        taken = min(left, line["today"] - line["off"])
        line["off"] += taken
        left -= taken


def tell_lines(world: World, session: Thing) -> list[Thing]:
    """The line items, as they are listed."""
    told = []
    for line in session["_sums"]:
        price = world.get("price", line["price"])
        told.append(
            {
                "id": line["id"],
                "object": "item",
                "adjustable_quantity": line["adjustable"],
                "amount_discount": line["off"],
                "amount_subtotal": line["today"],
                "amount_tax": line["tax"],
                "amount_total": line["today"] - line["off"] + line["tax"],
                "currency": session["currency"],
                "description": world.get("product", price["product"])["name"],
                "metadata": {},
                "price": price,
                "quantity": line["quantity"],
            }
        )
    return told
