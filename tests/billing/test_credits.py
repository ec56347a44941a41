"""Credits as people read them: never more than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import credits


@pytest.mark.parametrize(
    ("ucr", "shown", "exact", "cost"),
    [
        (0, "0.00", "0.00", "0.00"),
        (5_234, "0.00", "0.005234", "0.005234"),
        (12_349_999, "12.34", "12.349999", "12.35"),
        (1_234_567_000_000, "1,234,567.00", "1,234,567.00", "1,234,567.00"),
        (650_000, "0.65", "0.65", "0.65"),
        (-1, "-0.01", "-0.000001", "0.00"),
    ],
)
def test_a_balance_is_rounded_down_and_a_cost_up(ucr: int, shown: str, exact: str, cost: str) -> None:
    assert credits.format_ucr(ucr) == shown
    assert credits.format_exact(ucr) == exact
    assert credits.format_cost(ucr) == cost


@given(st.integers(0, 2**62))
def test_what_is_shown_exactly_can_be_read_back(ucr: int) -> None:
    assert credits.parse(credits.format_exact(ucr)) == ucr
    assert credits.parse(credits.format_ucr(ucr)) <= ucr <= credits.parse(credits.format_cost(ucr))


@pytest.mark.parametrize(
    ("ucr", "text"),
    [
        (0, "free"),
        (1, "about 0.000001 credits"),
        (41_234, "about 0.042 credits"),
        (450_000, "about 0.45 credits"),
        (12_345_678, "about 13.00 credits"),
    ],
)
def test_a_typical_cost_has_two_digits_that_count(ucr: int, text: str) -> None:
    assert credits.typical_text(ucr) == text
