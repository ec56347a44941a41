"""The checker of outgoing calls finds what it is there for."""

from typing import Any

import pytest
from stripe._price_service import PriceService
from stripe.checkout._session_service import SessionService

from tests.billing.stripe import parameters

LINES = [{"price": "price_1", "quantity": 2}]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mode": "payment", "line_items": LINES, "metadata": {"org": "1"}}, []),
        ({"line_itemz": LINES}, ["session.line_itemz: there is no such parameter"]),
        ({"line_items": [{"price": 4}]}, ["session.line_items[0].price: 4 is no str"]),
        ({"line_items": [{"price": "p", "quantity": True}]}, ["session.line_items[0].quantity: True is no int"]),
        ({"automatic_tax": {}}, ["session.automatic_tax.enabled: is missing"]),
        ({"metadata": {"seats": 3}}, ["session.metadata.seats: 3 is no str"]),
    ],
)
def test_what_the_types_do_not_allow_is_told(given: dict[str, Any], told: list[str]) -> None:
    kind = parameters.params_of(SessionService, "create")

    assert parameters.wrong(given, kind, "session", kind.__module__) == told


def test_a_price_needs_its_currency() -> None:
    kind = parameters.params_of(PriceService, "create")

    assert "price.currency: is missing" in parameters.wrong({"product": "p"}, kind, "price", kind.__module__)
