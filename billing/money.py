"""Sums of money as people read them: in the language of the page, whole where nothing is behind the point.

*Called by*: templates by way of the tables, mails, refusals. *Keeps true*: amounts are whole numbers of a currency's
smallest unit, as the payment provider counts them; nothing is reckoned in floats.
"""

from decimal import Decimal

from babel.numbers import format_currency
from django.utils import translation
from django.utils.translation import to_locale

# Stripe counts these in whole units: https://docs.stripe.com/currencies#zero-decimal
WHOLE = {
    *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
    *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
}


def text(minor: int, currency: str) -> str:
    """1200, "usd": $12; 1250: $12.50; NT$380 in Taiwan’s words."""
    amount = Decimal(minor) if currency in WHOLE else Decimal(minor) / 100
    places = 0 if amount == amount.to_integral_value() else 2
    locale = to_locale(translation.get_language() or "en")
    return str(format_currency(amount, currency.upper(), locale=locale, currency_digits=False, format=_pattern(places)))


def plain(minor: int, currency: str) -> str:
    """1250, "usd": 12.50, as a form takes it."""
    return str(minor) if currency in WHOLE else f"{minor // 100}.{minor % 100:02}"


def _pattern(places: int) -> str:
    return "¤#,##0" + ("." + "0" * places if places else "")
