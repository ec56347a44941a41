"""The ledger broken on purpose, one way at a time: the story or the crowd must notice each.

*Keeps true*: a breakage is a change of the ledger's own text, which has to be there, or the test fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from billing import books, ledger, prices
from workspace.models import Org

from . import scratch
from .pool_story import PoolStory
from .test_ledger_threads import at_once
from .test_pool_story import QUIET, played

__all__ = ["played"]


@dataclass(frozen=True)
class Breakage:
    """Words of the ledger, and what they become."""

    name: str
    before: str
    after: str
    file: str = "ledger.sql"


BREAKAGES = [
    Breakage(
        "a call is settled twice",
        "ELSIF v_hold.state IN ('settled', 'released') THEN\n    o_status := 'already'",
        "ELSIF v_hold.state = 'released' THEN\n    o_status := 'already'",
    ),
    Breakage(
        "what a cost comes to is rounded down",
        "p_cache_write * p_price.cache_write_ucr_per_mtok + p_completion * p_price.output_ucr_per_mtok + 999999)",
        "p_cache_write * p_price.cache_write_ucr_per_mtok + p_completion * p_price.output_ucr_per_mtok)",
    ),
    Breakage(
        "the pool forgets what a hold gives back",
        "SET free_ucr = free_ucr + v_closed.o_to_free, held_ucr = held_ucr - v_closed.o_from_held,",
        "SET held_ucr = held_ucr - v_closed.o_from_held,",
    ),
    Breakage(
        "a lot forgets what a hold gives back",
        "spent_ucr = spent_ucr + v_used, free_ucr = free_ucr + v_back,",
        "spent_ucr = spent_ucr + v_used,",
    ),
    Breakage(
        "what runs out is lost",
        "SET free_ucr = 0, expired_ucr = l.expired_ucr + gone.free_ucr FROM gone",
        "SET free_ucr = 0, granted_ucr = l.granted_ucr - gone.free_ucr FROM gone",
        "lots.sql",
    ),
    Breakage(
        "what runs out stays",
        "AND free_ucr > 0 AND expires_at <= p_now FOR NO KEY UPDATE",
        "AND free_ucr > 0 AND expires_at < p_now - interval '1 hour' FOR NO KEY UPDATE",
        "lots.sql",
    ),
    Breakage(
        "a cap does not count what is held",
        "UPDATE billing_cap SET held_ucr = held_ucr + o_amount WHERE",
        "UPDATE billing_cap SET held_ucr = held_ucr + 0 WHERE",
    ),
    Breakage(
        "lots burn the dearest first",
        "ORDER BY priority, expires_at, id LIMIT 1",
        "ORDER BY priority DESC, expires_at, id LIMIT 1",
    ),
    Breakage(
        "lots burn the newest first",
        "ORDER BY priority, expires_at, id LIMIT 1",
        "ORDER BY priority, expires_at, id DESC LIMIT 1",
    ),
    Breakage(
        "a late settlement pays at the price of today",
        "WHERE id = a.price AND (p_is_lost OR id = ANY (p_hold.prices))",
        "WHERE id = (SELECT max(n.id) FROM billing_price n JOIN billing_price o ON o.offer_id = n.offer_id WHERE o.id = a.price)",
    ),
    Breakage(
        "what calls of the last period cost counts in this one",
        "CASE WHEN p_hold.created_at >= p_pool.period_starts_at THEN o_charged ELSE 0 END",
        "o_charged",
    ),
    Breakage(
        "a refund that is told twice takes twice",
        "greatest(least(p_total, v_lot.granted_ucr) - v_lot.revoked_ucr - v_lot.owed_ucr, 0)",
        "least(p_total, v_lot.granted_ucr)",
        "lots.sql",
    ),
    Breakage(
        "an overrun is not written off but owed by another's hold",
        "o_writeoff := greatest(v_left - p_pool.free_ucr - o_to_free, 0)",
        "o_writeoff := 0",
    ),
    Breakage(
        "the reaper forgets the pool",
        "UPDATE billing_pool SET free_ucr = free_ucr + v_to_free, held_ucr = held_ucr - v_from_held WHERE org_id = p_org AND v_reaped > 0",
        "UPDATE billing_pool SET free_ucr = free_ucr + v_to_free WHERE org_id = p_org AND v_reaped > 0",
    ),
]
# The rest are for the night.
BY_DAY = {"a call is settled twice", "what runs out is lost"}


UNLOCKED = Breakage(
    "nobody waits for the pool",
    "SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;",
    "SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org;",
)


@pytest.fixture
def breakable(played: scratch.Scratch) -> Iterator[scratch.Scratch]:
    yield played
    played.mend()


def notices() -> bool:
    """Whether stories of a broken ledger come to grief. They are not shortened: that one does is all that is asked."""
    hasty = settings(QUIET, max_examples=100, stateful_step_count=40, phases=[Phase.generate], database=None)
    try:
        run_state_machine_as_test(PoolStory, settings=settings(hasty, print_blob=False))
    except (AssertionError, DatabaseError, Flaky):
        return True
    except ExceptionGroup:
        return True
    return False


@pytest.mark.parametrize(
    "breakage",
    [pytest.param(one, id=one.name, marks=() if one.name in BY_DAY else pytest.mark.nightly) for one in BREAKAGES],
)
def test_a_story_notices_that(breakable: scratch.Scratch, breakage: Breakage) -> None:
    breakable.break_in(breakage.file, breakage.before, breakage.after)

    assert notices()


def crowd_is_served() -> bool:
    """Whether sixteen at once at credits for ten get exactly those, and the others are refused."""
    org = Org.objects.create(name="Juniper", slug=f"juniper-{uuid4().hex[:8]}")
    ledger.open_pool(org.pk, anchor_at=timezone.now())
    ledger.grant(org.pk, kind="topup", amount_ucr=10_000_000, source_key=f"topup:{org.pk}")
    (price_id,) = (price.pk for price in prices.current([PoolStory.offers["pro"].pk]).values())
    size = {"price_ids": [price_id], "input_tokens": 0, "max_output_tokens": 1_000, "min_output_tokens": 1_000}

    def hold(number: int) -> bool:
        return ledger.hold(org.pk, call=f"reply:{org.slug}-{number}", **size).is_new  # type: ignore[arg-type]

    try:
        return at_once(16, hold) == {True: 10, "NoCredits": 6} and not books.breaches()
    except DatabaseError:
        return False


def test_a_crowd_notices_that_nobody_waits_for_the_pool(breakable: scratch.Scratch, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        assert crowd_is_served()

        breakable.break_in(UNLOCKED.file, UNLOCKED.before, UNLOCKED.after)

        assert not all(crowd_is_served() for _ in range(20))
