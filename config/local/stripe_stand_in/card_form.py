"""A card as somebody typed it into one of the pages.

*Called by*: checkout_page.py, portal_page.py, invoice_page.py. *Keeps true*: what is wrong is said in one sentence,
and nothing has been made then.
"""

import re
from datetime import UTC, datetime

from config.local.stripe_stand_in import cards, payment_methods
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World

EXPIRY = re.compile(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*")


def choices() -> list[Thing]:
    return [{"number": _spaced(card.number), "label": card.label} for card in cards.CARDS]


def _spaced(number: str) -> str:
    if number.startswith("37"):
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def read(world: World, form: dict[str, str], *, customer: str | None = None) -> Thing:
    """The payment method: a saved card of the customer, or a new one. Raises what is wrong as a Refusal."""
    saved = form.get("saved")
    if saved and saved != "new":
        method = payment_methods.ask(world, saved)
        if method["customer"] != customer:
            raise Refusal(400, "That card is not saved here.")
        return method
    card = cards.read(form.get("number", ""))
    expiry = EXPIRY.fullmatch(form.get("expiry", ""))
    if not expiry or not 1 <= int(expiry[1]) <= 12:
        raise Refusal(402, "Your card's expiration date is incomplete.", kind="card_error", code="invalid_expiry_month")
    month, year = int(expiry[1]), 2000 + int(expiry[2])
    now = datetime.fromtimestamp(world.now(customer), UTC)
    if (year, month) < (now.year, now.month):
        raise Refusal(402, "Your card's expiration date is in the past.", kind="card_error", code="invalid_expiry_year")
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "").strip()):
        raise Refusal(402, "Your card's security code is incomplete.", kind="card_error", code="invalid_cvc")
    details: Thing = {name: form[key] for name, key in (("name", "name"), ("email", "email")) if form.get(key)}
    if form.get("country"):
        details["address"] = address(form)
    return payment_methods.make(world, card, details=details, expires=(month, year))


def address(form: dict[str, str]) -> Thing | None:
    if not form.get("country"):
        return None
    return {
        **dict.fromkeys(("city", "line1", "line2", "state")),
        "country": form["country"],
        "postal_code": form.get("postal_code") or None,
    }


def saved_cards(world: World, customer: str | None) -> list[Thing]:
    if not customer:
        return []
    return [
        {"id": method["id"], "label": f"{method['card']['brand'].title()} ending in {method['card']['last4']}"}
        for method in world.all("payment_method", customer=customer)
    ]
