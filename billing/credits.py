"""Credits as people read them. Whole micro-credits in, text out, no float anywhere.

*Called by*: templates, refusals, the API. *Keeps true*: what one has is rounded down and what something costs is
rounded up, so that no page ever prints more credits than there are.
"""

from decimal import Decimal

from django.utils.translation import gettext as _

UCR_PER_CREDIT = 1_000_000
UCR_PER_CENT = UCR_PER_CREDIT // 100
# What a BIGINT holds.
MOST_UCR = 2**63 - 1


def format_ucr(ucr: int) -> str:
    """1,234.56: rounded down to hundredths of a credit."""
    sign = "-" if ucr < 0 else ""
    # Down means towards less: -0.001 credits are -0.01, never 0.00.
    hundredths = abs(ucr // UCR_PER_CENT)
    return f"{sign}{hundredths // 100:,}.{hundredths % 100:02}"


def format_cost(ucr: int) -> str:
    """Like format_ucr, but up; a cost under a hundredth is shown exactly instead of as 0.00 or 0.01."""
    if 0 < ucr < UCR_PER_CENT:
        return format_exact(ucr)
    return format_ucr(-(-ucr // UCR_PER_CENT) * UCR_PER_CENT)


def format_exact(ucr: int) -> str:
    """0.005234: every digit that counts, and at least two."""
    sign = "-" if ucr < 0 else ""
    whole, rest = divmod(abs(ucr), UCR_PER_CREDIT)
    digits = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{digits}"


def typical_text(ucr: int) -> str:
    """What something usually costs, in two digits that count: "about 0.041 credits", "free"."""
    if ucr <= 0:
        return _("free")
    places = max(len(str(UCR_PER_CREDIT)) - len(str(ucr)) + 1, 0)
    step = 10 ** (6 - places) if places < 6 else 1
    digits = format_exact(-(-ucr // step) * step)
    return _("about {credits} credits").format(credits=digits)


def parse(text: str) -> int:
    """Read "12.5" credits into ucr. Raises ValueError for no number of whole ucr, or more than can be stored."""
    try:
        ucr = Decimal(text.strip().replace(",", "")) * UCR_PER_CREDIT
        is_known = ucr.is_finite() and abs(ucr) <= MOST_UCR
    except ArithmeticError:  # no number, or one with more digits than there are
        raise ValueError(f"{text[:40]!r} is not a number of credits") from None
    if not is_known or ucr != int(ucr):
        raise ValueError(f"{text[:40]!r} is not a number of credits with at most six decimals")
    return int(ucr)
