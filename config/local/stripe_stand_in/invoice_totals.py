"""Sums of an invoice: discounts on its lines, a simple tax, the customer's balance.

*Called by*: invoices.py. *Keeps true*: the total is what its lines, discounts and taxes add up to; what is due is
never less than nothing.
"""

from decimal import Decimal

from config.local.stripe_stand_in import coupons
from config.local.stripe_stand_in.periods import rounded
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World


def add_up(world: World, invoice: Thing) -> None:
    """Sum the lines anew; for a draft, as the balance is applied only when it is finalized."""
    lines = invoice["lines"]["data"]
    for line in lines:
        line |= {"discount_amounts": [], "taxes": [], "invoice": invoice["id"]}
    given = [_discount(world, key, lines, invoice["currency"]) for key in invoice["discounts"]]
    off = sum(given)
    subtotal = sum(line["amount"] for line in lines)
    taxes = _tax(world, invoice, lines)
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total_discount_amounts": [
            {"amount": amount, "discount": key} for key, amount in zip(invoice["discounts"], given, strict=True)
        ],
        "total_excluding_tax": subtotal - off,
        "total_taxes": taxes,
        "total": subtotal - off + sum(tax["amount"] for tax in taxes),
    }
    invoice["amount_due"] = max(0, invoice["total"])
    invoice["amount_remaining"] = invoice["amount_due"]


def _discount(world: World, key: str, lines: list[Thing], currency: str) -> int:
    coupon = world.find("coupon", world.things["discount"][key]["source"]["coupon"])
    if not coupon:
        return 0
    on = [line for line in lines if line["discountable"] and _is_for(coupon, line)]
    left = [line["amount"] - sum(each["amount"] for each in line["discount_amounts"]) for line in on]
    if coupon["percent_off"]:
        shares = [rounded(Decimal(amount) * Decimal(str(coupon["percent_off"])) / 100) for amount in left]
    else:
        whole = max(0, sum(left))
        shares = _spread(min(coupons.amount_off(coupon, currency), whole), left, whole)
    for line, amount in zip(on, shares, strict=True):
        line["discount_amounts"].append({"amount": amount, "discount": key})
    return sum(shares)


def _is_for(coupon: Thing, line: Thing) -> bool:
    return not coupon["_products"] or line["_product"] in coupon["_products"]


def _spread(amount: int, over: list[int], whole: int) -> list[int]:
    """Shares of an amount that add up to it."""
    shares, given, seen = [], 0, 0
    for each in over:
        seen += each
        until = rounded(Decimal(amount) * seen / whole) if whole else 0
        shares.append(until - given)
        given = until
    return shares


def _tax(world: World, invoice: Thing, lines: list[Thing]) -> list[Thing]:
    if not invoice["automatic_tax"]["enabled"]:
        return []
    invoice["automatic_tax"]["status"] = "complete"
    percent, amounts, bases = Decimal(str(world.options.tax_percent)), 0, 0
    for line in lines:
        base = line["amount"] - sum(each["amount"] for each in line["discount_amounts"])
        amount = rounded(Decimal(base) * percent / 100)
        line["taxes"] = [_taxed(amount, base)]
        amounts, bases = amounts + amount, bases + base
    return [_taxed(amounts, bases)]


def _taxed(amount: int, base: int) -> Thing:
    return {
        "amount": amount,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": "txr_stand_in"},
        "taxability_reason": "standard_rated",
        "taxable_amount": base,
        "type": "tax_rate_details",
    }
