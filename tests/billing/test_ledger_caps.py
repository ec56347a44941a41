"""Limits below the pool: caps of members, Spaces and keys; alerts; and the period that both count."""

from time import sleep
from uuid import UUID, uuid4

import pytest

from billing import ledger
from billing.models import Alert, Cap, Pool
from billing.refusals import CapReached, NoCredits

from .conftest import CREDIT, Desk

SCOPES = ["member", "space", "key"]


def cap(desk: Desk, scope: str, scope_id: UUID, credits: int | None) -> None:
    limit_ucr = None if credits is None else credits * CREDIT
    ledger.cap(desk.org.pk, scope=scope, scope_id=scope_id, limit_ucr=limit_ucr)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_cap_refuses_what_the_pool_could_pay_and_says_whose_limit_it_was(
    desk: Desk, somebody: UUID, scope: str
) -> None:
    mine = {f"{scope}_id": somebody}
    cap(desk, scope, somebody, 10)
    desk.settle(desk.hold(6 * CREDIT, **mine).call, 4 * CREDIT)
    desk.hold(5 * CREDIT, **mine)

    with pytest.raises(CapReached) as refused:
        desk.hold(2 * CREDIT, **mine)

    assert (refused.value.details["limit_of"], refused.value.details["left_ucr"]) == (scope, CREDIT)
    assert "of 10.00 credits" in refused.value.message
    assert "1.00 left until" in refused.value.message
    assert refused.value.status == 402
    assert desk.hold(2 * CREDIT, **{f"{scope}_id": uuid4()}).is_new


@pytest.mark.parametrize("scope", SCOPES)
def test_a_cap_shortens_an_answer_as_the_pool_does(desk: Desk, somebody: UUID, scope: str) -> None:
    cap(desk, scope, somebody, 1)

    held = desk.ask("pro", 1_000, 4_000, **{f"{scope}_id": somebody})

    assert (held.max_output_tokens, held.amount_ucr, held.limited_by) == (750, CREDIT, scope)


def test_ones_own_cap_is_named_before_the_spaces_and_the_pool(empty_desk: Desk, somebody: UUID) -> None:
    mine = {"member_id": somebody, "space_id": somebody, "key_id": somebody}
    for scope in SCOPES:
        cap(empty_desk, scope, somebody, 1)

    named = []
    for scope in SCOPES:
        with pytest.raises(CapReached) as refused:
            empty_desk.hold(2 * CREDIT, **mine)
        named.append(refused.value.details["limit_of"])
        cap(empty_desk, scope, somebody, None)

    assert named == SCOPES
    with pytest.raises(NoCredits):
        empty_desk.hold(2 * CREDIT, **mine)


def test_a_pool_that_is_emptier_than_the_cap_is_what_is_named(empty_desk: Desk, somebody: UUID) -> None:
    cap(empty_desk, "member", somebody, 50)

    with pytest.raises(NoCredits):
        empty_desk.hold(2 * CREDIT, member_id=somebody)


def test_a_cap_counts_what_was_spent_and_held_before_it_was_set(desk: Desk, somebody: UUID) -> None:
    desk.settle(desk.hold(4 * CREDIT, member_id=somebody).call, 3 * CREDIT)
    desk.hold(2 * CREDIT, member_id=somebody)

    cap(desk, "member", somebody, 6)

    assert list(Cap.objects.values_list("used_ucr", "held_ucr")) == [(3 * CREDIT, 2 * CREDIT)]
    with pytest.raises(CapReached):
        desk.hold(2 * CREDIT, member_id=somebody)


def test_a_cap_may_be_lowered_below_what_was_used(desk: Desk, somebody: UUID) -> None:
    cap(desk, "member", somebody, 10)
    call = desk.hold(8 * CREDIT, member_id=somebody).call

    cap(desk, "member", somebody, 2)

    assert desk.settle(call, 7 * CREDIT).charged_ucr == 7 * CREDIT
    with pytest.raises(CapReached):
        desk.hold(CREDIT, member_id=somebody)


def test_only_an_overrun_passes_a_cap(desk: Desk, somebody: UUID) -> None:
    cap(desk, "member", somebody, 5)

    desk.settle(desk.hold(5 * CREDIT, member_id=somebody).call, 6 * CREDIT)

    assert Cap.objects.get().used_ucr == 6 * CREDIT
    with pytest.raises(CapReached):
        desk.hold(1, member_id=somebody)


def test_a_free_call_passes_a_cap_that_is_used_up(desk: Desk, somebody: UUID) -> None:
    cap(desk, "member", somebody, 0)

    assert desk.ask("", 100, 100, own_key=True, member_id=somebody).is_new


def test_alerts_come_once_a_period_when_half_four_fifths_and_all_is_spent(desk: Desk) -> None:
    assert desk.spend(49_999_999).alerts_percent == ()
    assert desk.spend(1).alerts_percent == (50,)
    assert desk.spend(10 * CREDIT).alerts_percent == ()
    assert desk.spend(40 * CREDIT).alerts_percent == (80, 100)

    desk.grant(100 * CREDIT)

    assert desk.spend(CREDIT).alerts_percent == ()
    assert sorted(Alert.objects.values_list("threshold_percent", flat=True)) == [50, 80, 100]


def test_an_organization_without_grants_is_not_alerted_to_free_calls(empty_desk: Desk) -> None:
    call = empty_desk.ask("", 10, 10, own_key=True).call

    own = empty_desk.used("pro", 1, 1, price_id=None, is_own_key=True)

    assert empty_desk.bill(call, own).alerts_percent == ()


def test_a_new_period_begins_with_fresh_caps_and_alerts(closing_desk: Desk, somebody: UUID) -> None:
    desk = closing_desk
    ended_at = Pool.objects.get(org=desk.org).period_ends_at
    cap(desk, "member", somebody, 10)
    desk.settle(desk.hold(10 * CREDIT, member_id=somebody).call, 10 * CREDIT)
    assert desk.spend(50 * CREDIT).alerts_percent == (50,)
    with pytest.raises(CapReached) as refused:
        desk.hold(CREDIT, member_id=somebody)
    assert refused.value.details["resets_at"] == ended_at.isoformat()

    sleep(0.25)

    assert desk.hold(10 * CREDIT, member_id=somebody).limited_by is None
    assert desk.spend(20 * CREDIT).alerts_percent == (50,)
    pool = Pool.objects.get(org=desk.org)
    assert (pool.period_starts_at, pool.period_base_ucr, pool.period_spent_ucr) == (ended_at, 40 * CREDIT, 20 * CREDIT)


def test_usage_belongs_to_the_period_in_which_its_call_began(closing_desk: Desk, somebody: UUID) -> None:
    desk = closing_desk
    cap(desk, "member", somebody, 10)
    call = desk.hold(10 * CREDIT, member_id=somebody).call

    sleep(0.25)

    assert desk.settle(call, 9 * CREDIT).alerts_percent == ()
    assert Cap.objects.get().used_ucr == 0
    assert Pool.objects.get(org=desk.org).period_spent_ucr == 0
    assert desk.hold(10 * CREDIT, member_id=somebody).is_new
