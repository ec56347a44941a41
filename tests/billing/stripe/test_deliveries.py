"""Webhooks as they really come: to a web process, applied by a worker, duplicated, reordered, dropped and forged."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing import books, events, storefront
from billing.models import StripeAlarm, StripeEvent
from tests.billing.stripe.conftest import Till
from tests.doubles.stripe import StripeStandIn
from tests.stack import Stack


@pytest.fixture
def live(stack: Stack, stripe_on: StripeStandIn, watched: list[str], make_org: Any) -> Iterator[Till]:
    """A shop whose events go to a web process of ours, with a worker behind it."""
    list(storefront.set_up())
    who = make_org(plan="starter")
    stack.environment.update(stripe_on.environment)
    stack.start_web()
    stack.start_worker()
    stripe_on.add_endpoint(f"{stack.url}/stripe/webhook/")
    yield Till(stripe_on, who)
    assert not watched
    assert not books.breaches()


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < deadline, list(StripeEvent.objects.values_list("type", "outcome", "tries"))
        time.sleep(0.1)


def all_applied() -> bool:
    return StripeEvent.objects.exists() and not StripeEvent.objects.filter(applied_at=None).exists()


def test_deliveries_come_twice_and_out_of_order_and_are_believed_only_when_they_are_stripes(live: Till) -> None:
    live.stand_in.mischief(duplicate=5, reorder=4)
    live.subscribe("team", seats=4)
    live.stand_in.mischief(release=True)
    live.stand_in.settle()
    eventually(lambda: all_applied() and live.account.plan_id == "team")
    assert live.lots() == [("starter", 100), ("plan", 2_200)]

    event = StripeEvent.objects.get(type="invoice.paid").pk
    for how in ({"stamp_offset": -600}, {"stamp_offset": 600}, {"secret": "whsec_guessed"}):
        live.stand_in.send_again(event, **how)
    live.stand_in.settle()
    eventually(lambda: StripeAlarm.objects.count() >= 3)
    assert {"stale", "future", "forged"} <= set(StripeAlarm.objects.values_list("reason", flat=True))

    live.stand_in.mischief(drop=200)
    live.stand_in.advance(days=32)
    live.stand_in.settle()
    assert live.lots() == [("starter", 100), ("plan", 2_200)]
    for missed in events.fetch_missed():
        events.apply(missed)
    assert live.lots() == [("starter", 100), ("plan", 2_200), ("plan", 2_200)]
