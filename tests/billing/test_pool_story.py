"""Whatever happens to a pool, in whatever order and at whatever time, it is what a model of it says, to the micro-credit.

*Why* a database of its own: the clock of the story is the database's too.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from billing import ledger, prices
from workspace.models import Org

from . import scratch
from .conftest import RATES, make_offer
from .pool_story import PoolStory

STEPS = 40
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[scratch.Scratch]:
    """The scratch database, with models that can be called."""
    with django_db_blocker.unblock(), scratch.database() as ready:
        PoolStory.offers = {
            name: make_offer(name, *(rate and Decimal(rate) / 100 for rate in RATES[name]))
            for name in ("pro", "fast", "nano")
        }
        prices.publish()
        yield ready


def test_any_story_of_a_pool_is_the_models(played: scratch.Scratch) -> None:
    run_state_machine_as_test(PoolStory, settings=settings(QUIET, max_examples=8, stateful_step_count=STEPS))


def test_what_a_clock_that_is_set_back_brings_to_life_again_runs_out_again(played: scratch.Scratch) -> None:
    clock, noon = scratch.Clock(), datetime(2027, 3, 1, 12, tzinfo=UTC)
    with clock.running(), transaction.atomic():
        clock.set(noon)
        org = Org.objects.create(name="Juniper", slug="juniper-back")
        ledger.open_pool(org.pk, anchor_at=noon)
        soon = {"source_key": "soon", "expires_at": noon + timedelta(minutes=1)}
        ledger.grant(org.pk, kind="promo", amount_ucr=1_000_000, **soon)  # type: ignore[arg-type]
        price_id = prices.current([PoolStory.offers["pro"].pk])[PoolStory.offers["pro"].pk].pk
        ledger.hold(org.pk, call="reply:back", price_ids=[price_id], input_tokens=0, max_output_tokens=1_000)

        clock.set(noon + timedelta(minutes=2))
        ledger.expire()
        clock.set(noon)
        ledger.release(org.pk, call="reply:back")
        assert ledger.balance(org.pk).free_ucr == 1_000_000
        clock.set(noon + timedelta(minutes=3))

        assert ledger.balance(org.pk).free_ucr == 0
        transaction.set_rollback(True)


@pytest.mark.nightly
def test_ten_thousand_steps_are_the_models(played: scratch.Scratch) -> None:
    steps = int(os.environ.get("NIGHTLY_STEPS", "10000"))
    run_state_machine_as_test(
        PoolStory, settings=settings(QUIET, max_examples=max(steps // 100, 1), stateful_step_count=100)
    )
