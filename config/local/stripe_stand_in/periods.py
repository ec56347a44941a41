"""Arithmetic of time and money: billing periods from an anchor, shares of a period, rounding, dates in words.

*Called by*: the nouns. *Keeps true*: the nth period is counted from the anchor (31 January, 28 February, 31 March);
shares are of seconds, and halves are rounded away from zero.
"""

import calendar
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

# Currencies without a smaller unit.
WHOLE = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}


def nth(anchor: int, interval: str, count: int, n: int) -> int:
    """The moment n intervals after the anchor."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in ("day", "week"):
        return int((start + timedelta(days=n * count * (7 if interval == "week" else 1))).timestamp())
    months = start.month - 1 + n * count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def next_after(anchor: int, interval: str, count: int, at: int) -> int:
    """The first boundary of a period that is later than `at`."""
    if anchor > at:
        return anchor
    days = {"day": 1, "week": 7, "month": 28, "year": 365}[interval] * count
    n = max(0, (at - anchor) // (days * 86_400) - 1)
    # The estimate overshoots for months: 28 days are fewer than most of them have.
    while n > 0 and nth(anchor, interval, count, n) > at:
        n -= max(1, n // 10)
    n = max(0, n)
    while (moment := nth(anchor, interval, count, n)) <= at:
        n += 1
    return moment


def share(amount: int, *, of: tuple[int, int], left_from: int) -> int:
    """What of an amount for a period falls to its rest, from a moment on."""
    start, end = of
    if end <= start:
        return 0
    return rounded(Decimal(amount) * (end - max(left_from, start)) / (end - start))


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def day_words(at: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b %Y}"


def time_words(at: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def money_words(amount: int, currency: str) -> str:
    sign = "-" if amount < 0 else ""
    number = f"{abs(amount):,}" if currency in WHOLE else f"{abs(amount) / 100:,.2f}"
    marks = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "twd": "NT$"}
    mark = marks.get(currency, f"{currency.upper()} ")
    return f"{sign}{mark}{number}"
