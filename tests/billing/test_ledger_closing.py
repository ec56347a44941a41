"""The end of a call, in every way that it can come: once, late, beyond its hold, or never."""

from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone

from billing import ledger
from billing.models import Hold, Move, UsageEvent
from billing.refusals import NoCredits

from .conftest import CREDIT, Desk


def test_the_first_settlement_wins(desk: Desk) -> None:
    call = desk.hold(2 * CREDIT).call
    first = desk.settle(call, 650_000)

    again = desk.settle(call, 800_000)

    assert first.is_new
    assert (again.is_new, again.charged_ucr, desk.free) == (False, 650_000, 99_350_000)
    assert UsageEvent.objects.count() == 1


def test_a_call_that_came_to_nothing_gives_everything_back(desk: Desk) -> None:
    call = desk.hold(2 * CREDIT).call

    assert ledger.release(desk.org.pk, call=call)

    assert not ledger.release(desk.org.pk, call=call)
    assert (desk.free, desk.held, Hold.objects.get().state) == (100 * CREDIT, 0, "released")
    assert not desk.settle(call, CREDIT).is_new


def test_a_call_that_was_never_held_cannot_be_released(desk: Desk) -> None:
    assert not ledger.release(desk.org.pk, call="reply:never")
    assert not Hold.objects.exists()


def test_an_abandoned_call_is_reaped_when_its_time_is_up_and_charged_once_if_it_comes_late(desk: Desk) -> None:
    held = desk.hold(3 * CREDIT, ttl_seconds=600)

    assert ledger.reap(held.expires_at - timedelta(seconds=1)) == 0
    assert desk.held == 3 * CREDIT
    assert ledger.reap(held.expires_at) == 1
    assert (desk.free, desk.held, Hold.objects.get().state) == (100 * CREDIT, 0, "reaped")

    late, later = desk.settle(held.call, 1_200_000), desk.settle(held.call, 1_200_000)

    assert (late.is_new, later.is_new) == (True, False)
    assert desk.free == 98_800_000
    assert Move.objects.get(dst="spent").kind == "overrun"


def test_the_reaper_leaves_a_call_whose_time_is_not_up(desk: Desk) -> None:
    desk.hold(CREDIT, ttl_seconds=0)
    alive = desk.hold(2 * CREDIT, ttl_seconds=600)

    assert ledger.reap() == 1

    assert desk.held == 2 * CREDIT
    assert Hold.objects.get(state="open").call == alive.call


def test_a_heartbeat_keeps_a_call_from_the_reaper(desk: Desk) -> None:
    alive, gone = desk.hold(CREDIT, ttl_seconds=5), desk.hold(CREDIT, ttl_seconds=5)
    ledger.release(desk.org.pk, call=gone.call)

    assert ledger.extend([alive.call, gone.call, "reply:never"], ttl_seconds=600) == {alive.call}

    assert ledger.reap(alive.expires_at) == 0
    assert desk.held == CREDIT


def test_a_heartbeat_never_shortens_a_hold(desk: Desk) -> None:
    held = desk.hold(CREDIT, ttl_seconds=600)

    ledger.extend([held.call], ttl_seconds=1)

    assert Hold.objects.get().expires_at == held.expires_at


def test_a_call_whose_hold_a_crash_lost_is_still_charged_once(desk: Desk, somebody) -> None:  # type: ignore[no-untyped-def]
    settled = desk.settle("reply:lost", 5 * CREDIT, member_id=somebody)

    assert (settled.charged_ucr, settled.is_new, desk.free) == (5 * CREDIT, True, 95 * CREDIT)
    assert UsageEvent.objects.get().member_id == somebody
    assert not desk.settle("reply:lost", 5 * CREDIT).is_new
    assert not desk.hold(CREDIT, "reply:lost").is_new


def test_what_a_call_costs_beyond_its_hold_comes_from_what_is_free(desk: Desk) -> None:
    call = desk.hold(CREDIT).call

    settled = desk.settle(call, 3 * CREDIT)

    assert (settled.charged_ucr, settled.writeoff_ucr, desk.free) == (3 * CREDIT, 0, 97 * CREDIT)
    assert sorted(Move.objects.filter(dst="spent").values_list("kind", "amount_ucr")) == [
        ("overrun", 2 * CREDIT),
        ("spend", CREDIT),
    ]


def test_what_nothing_free_covers_is_written_off_and_another_calls_hold_is_not_touched(desk: Desk) -> None:
    greedy, neighbour = desk.hold(40 * CREDIT).call, desk.hold(50 * CREDIT).call

    settled = desk.settle(greedy, 60 * CREDIT)

    assert (settled.charged_ucr, settled.writeoff_ucr) == (50 * CREDIT, 10 * CREDIT)
    assert (desk.free, desk.held) == (0, 50 * CREDIT)
    assert desk.settle(neighbour, 50 * CREDIT).charged_ucr == 50 * CREDIT


def test_lots_burn_by_priority_then_expiry_then_age(empty_desk: Desk) -> None:
    soon, later = timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=30)
    first = empty_desk.grant(10 * CREDIT)
    second = empty_desk.grant(10 * CREDIT)
    dated = empty_desk.grant(CREDIT, expires_at=later)
    promo = empty_desk.grant(CREDIT, kind="promo")
    plan = empty_desk.grant(5 * CREDIT, kind="plan", expires_at=soon)

    order = [plan, promo, dated, first, second]

    left = []
    for amount in (5, 1, 1, 10):
        empty_desk.spend(amount * CREDIT)
        left.append([empty_desk.lot(key).free_ucr // CREDIT for key in order])

    assert left == [[0, 1, 1, 10, 10], [0, 0, 1, 10, 10], [0, 0, 0, 10, 10], [0, 0, 0, 0, 10]]


def test_a_plan_lot_is_used_up_before_older_and_younger_top_ups(empty_desk: Desk) -> None:
    older = empty_desk.grant(10 * CREDIT)
    younger = empty_desk.grant(10 * CREDIT)
    plan = empty_desk.grant(5 * CREDIT, kind="plan", expires_at=timezone.now() + timedelta(days=1))

    empty_desk.spend(12 * CREDIT)

    assert [empty_desk.lot(key).free_ucr for key in (plan, older, younger)] == [0, 3 * CREDIT, 10 * CREDIT]


def test_what_is_not_used_goes_back_to_the_lot_it_came_from(empty_desk: Desk) -> None:
    plan = empty_desk.grant(2 * CREDIT, kind="plan", expires_at=timezone.now() + timedelta(days=1))
    topup = empty_desk.grant(10 * CREDIT)

    empty_desk.settle(empty_desk.hold(5 * CREDIT).call, CREDIT)

    assert (empty_desk.lot(plan).free_ucr, empty_desk.lot(plan).spent_ucr) == (CREDIT, CREDIT)
    assert (empty_desk.lot(topup).free_ucr, empty_desk.lot(topup).spent_ucr) == (10 * CREDIT, 0)


def test_a_lot_that_runs_out_while_held_still_pays_and_its_rest_expires(empty_desk: Desk) -> None:
    plan = empty_desk.grant(10 * CREDIT, kind="plan", expires_at=timezone.now() + timedelta(milliseconds=150))
    call = empty_desk.hold(6 * CREDIT).call
    sleep(0.2)

    with pytest.raises(NoCredits):
        empty_desk.hold(CREDIT)
    assert empty_desk.settle(call, 2 * CREDIT).charged_ucr == 2 * CREDIT

    lot = empty_desk.lot(plan)
    assert (lot.free_ucr, lot.held_ucr, lot.spent_ucr, lot.expired_ucr) == (0, 0, 2 * CREDIT, 8 * CREDIT)
    assert empty_desk.free == 0


def test_the_balance_never_shows_a_lot_that_ran_out(desk: Desk) -> None:
    desk.grant(CREDIT, kind="plan", expires_at=timezone.now() + timedelta(milliseconds=100))
    assert desk.free == 101 * CREDIT
    sleep(0.15)

    assert desk.free == 100 * CREDIT


def test_the_sweep_expires_lots_that_nobody_uses(desk: Desk) -> None:
    key = desk.grant(CREDIT, kind="plan", expires_at=timezone.now() - timedelta(seconds=1))

    assert ledger.expire() == 1

    assert desk.lot(key).expired_ucr == CREDIT
    assert ledger.expire() == 0


def test_a_source_is_granted_once(desk: Desk) -> None:
    desk.grant(CREDIT, key="topup:pi_1")

    again = ledger.grant(desk.org.pk, kind="topup", amount_ucr=9 * CREDIT, source_key="topup:pi_1")

    assert not again
    assert desk.free == 101 * CREDIT


def test_a_refund_takes_what_is_free_and_told_twice_takes_it_once(empty_desk: Desk) -> None:
    key = empty_desk.grant(10 * CREDIT)

    for _ in range(2):
        assert ledger.revoke(empty_desk.org.pk, source_key=key, total_ucr=4 * CREDIT) == (4 * CREDIT, 0)

    assert empty_desk.free == 6 * CREDIT
    assert ledger.revoke(empty_desk.org.pk, source_key=key, total_ucr=7 * CREDIT) == (7 * CREDIT, 0)


def test_a_refund_of_held_credits_is_taken_when_the_hold_gives_back(empty_desk: Desk) -> None:
    key = empty_desk.grant(10 * CREDIT)
    call = empty_desk.hold(8 * CREDIT).call

    assert ledger.revoke(empty_desk.org.pk, source_key=key, total_ucr=10 * CREDIT) == (2 * CREDIT, 8 * CREDIT)
    empty_desk.settle(call, 3 * CREDIT)

    lot = empty_desk.lot(key)
    assert (lot.spent_ucr, lot.revoked_ucr, lot.owed_ucr, empty_desk.free) == (3 * CREDIT, 7 * CREDIT, 3 * CREDIT, 0)


def test_there_is_nothing_to_refund_of_another_organizations_lot(desk: Desk, make_desk) -> None:  # type: ignore[no-untyped-def]
    theirs = make_desk().grant(CREDIT)

    with pytest.raises(LookupError):
        ledger.revoke(desk.org.pk, source_key=theirs, total_ucr=CREDIT)
