"""The price book: what a token of an offer costs in credits, one immutable version after the other.

*Called by*: the catalog's refresh, billing.metering, pages that show prices. *Keeps true*: a call is charged at the
version that was current when it was held; an offer without a current version cannot be called.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.db import connection

from billing.models import Price
from billing.models.price import DEAREST_UCR_PER_MTOK

TOKENS_PER_MTOK = 1_000_000
# A question with a little context, and an answer of two paragraphs.
TYPICAL_INPUT_TOKENS = 600
TYPICAL_OUTPUT_TOKENS = 300


def publish(offers: Iterable[int] | None = None) -> int:
    """Add a version for each offer (by id; all, if None) whose price changed; returns how many were added.

    An offer whose price is unknown, or zero without being declared free, loses its price until it has one again.
    """
    credit_usd, markup = Decimal(settings.CREDIT_USD), Decimal(settings.CREDIT_MARKUP)
    if credit_usd <= 0 or markup <= -1:
        raise ValueError("CREDIT_USD must be above 0 and CREDIT_MARKUP above -1")
    offer_ids = None if offers is None else list(offers)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prices_publish(%s, %s, %s, %s::bigint[])", [credit_usd, markup, DEAREST_UCR_PER_MTOK, offer_ids]
        )
        return int(cursor.fetchone()[0])


def current(offer_ids: Iterable[int]) -> dict[int, Price]:
    """The newest version for each offer that has a price."""
    newest = Price.objects.filter(offer_id__in=list(offer_ids)).order_by("offer_id", "-version").distinct("offer_id")
    return {price.offer_id: price for price in newest if price.is_priced}


def typical_cost_ucr(price: Price) -> int:
    """What a message of 600 tokens in and 300 out comes to."""
    return cost_ucr(price, prompt_tokens=TYPICAL_INPUT_TOKENS, completion_tokens=TYPICAL_OUTPUT_TOKENS)


def cost_ucr(
    price: Price, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0, cache_write_tokens: int = 0
) -> int:
    """The arithmetic of ledger_cost, for showing: cached tokens are part of the prompt, one rounding up at the end."""
    plain_tokens = prompt_tokens - cached_tokens - cache_write_tokens
    exact = (
        plain_tokens * price.input_ucr_per_mtok
        + cached_tokens * price.cached_ucr_per_mtok
        + cache_write_tokens * price.cache_write_ucr_per_mtok
        + completion_tokens * price.output_ucr_per_mtok
    )
    return -(-exact // TOKENS_PER_MTOK)
