"""The limit that every member has who has none of their own, and what is given on top of a limit."""

from collections.abc import Callable
from time import sleep
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import ledger
from billing.models import Cap, Pool
from billing.refusals import CapReached
from tests.meanwhile import meanwhile

from .conftest import CREDIT, Desk
from .test_ledger_threads import at_once


def default(desk: Desk, credits: int | None) -> None:
    ledger.cap_default(desk.org.pk, limit_ucr=None if credits is None else credits * CREDIT)


def own(desk: Desk, member: UUID, credits: int | None) -> None:
    limit_ucr = None if credits is None else credits * CREDIT
    ledger.cap(desk.org.pk, scope="member", scope_id=member, limit_ucr=limit_ucr)


def is_refused(desk: Desk, amount: int, member: UUID) -> bool:
    try:
        desk.hold(amount * CREDIT, member_id=member)
    except CapReached:
        return True
    return False


def test_the_default_holds_for_whoever_comes_and_for_each_by_themselves(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)

    desk.spend(5 * CREDIT, member_id=somebody)

    assert is_refused(desk, 1, somebody)
    assert not is_refused(desk, 5, uuid4())
    assert set(Cap.objects.values_list("is_default", "limit_ucr")) == {(True, 5 * CREDIT)}


def test_what_was_spent_and_held_before_the_default_counts(desk: Desk, somebody: UUID) -> None:
    desk.spend(3 * CREDIT, member_id=somebody)
    desk.hold(CREDIT, member_id=somebody)

    default(desk, 5)

    assert (Cap.objects.get().used_ucr, Cap.objects.get().held_ucr) == (3 * CREDIT, CREDIT)
    assert is_refused(desk, 2, somebody)
    assert not is_refused(desk, 1, somebody)


def test_who_has_a_limit_of_their_own_keeps_it_when_the_default_changes(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)
    own(desk, somebody, 20)
    other = uuid4()
    desk.hold(CREDIT, member_id=other)

    default(desk, 2)

    assert not is_refused(desk, 20, somebody)
    assert not is_refused(desk, 1, other)
    assert is_refused(desk, 1, other)


def test_who_loses_their_own_limit_has_the_default_again(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)
    own(desk, somebody, 20)
    desk.spend(4 * CREDIT, member_id=somebody)

    own(desk, somebody, None)

    assert list(Cap.objects.values_list("is_default", "limit_ucr")) == [(True, 5 * CREDIT)]
    assert is_refused(desk, 2, somebody)


def test_without_the_default_only_limits_of_ones_own_are_left(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)
    desk.hold(CREDIT, member_id=uuid4())
    own(desk, somebody, 3)

    default(desk, None)

    assert not is_refused(desk, 30, uuid4())
    assert is_refused(desk, 4, somebody)
    own(desk, somebody, None)
    assert not Pool.objects.get(org=desk.org).is_capped


def test_a_default_below_what_was_used_is_no_breach(desk: Desk, somebody: UUID) -> None:
    default(desk, 9)
    call = desk.hold(8 * CREDIT, member_id=somebody).call

    default(desk, 1)

    assert desk.settle(call, 8 * CREDIT).charged_ucr == 8 * CREDIT
    assert is_refused(desk, 1, somebody)


def test_a_call_whose_hold_was_lost_counts_under_the_default(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)

    desk.settle("reply:lost", 2 * CREDIT, member_id=somebody)

    assert Cap.objects.get(scope_id=somebody).used_ucr == 2 * CREDIT


def test_what_is_given_for_a_period_ends_with_it(closing_desk: Desk, somebody: UUID) -> None:
    desk = closing_desk
    default(desk, 5)
    ledger.cap_raise(desk.org.pk, scope="member", scope_id=somebody, amount_ucr=3 * CREDIT, is_for_good=False)
    desk.spend(CREDIT, member_id=somebody)
    desk.hold(7 * CREDIT, member_id=somebody)
    with pytest.raises(CapReached) as refused:
        desk.hold(1, member_id=somebody)
    assert refused.value.details["limit_ucr"] == 8 * CREDIT

    sleep(0.25)
    ledger.expire()

    cap = Cap.objects.get()
    assert (cap.most_ucr, cap.held_ucr, cap.left_ucr, cap.is_default) == (5 * CREDIT, 7 * CREDIT, 0, True)
    assert is_refused(desk, 1, somebody)


def test_what_is_given_for_good_makes_the_limit_ones_own(desk: Desk, somebody: UUID) -> None:
    default(desk, 5)

    assert ledger.cap_raise(desk.org.pk, scope="member", scope_id=somebody, amount_ucr=3 * CREDIT, is_for_good=True)

    default(desk, 1)
    assert not is_refused(desk, 8, somebody)
    assert is_refused(desk, 1, somebody)


def test_nothing_is_given_where_nothing_is_limited(desk: Desk, somebody: UUID) -> None:
    assert not ledger.cap_raise(desk.org.pk, scope="space", scope_id=somebody, amount_ucr=1, is_for_good=False)


def test_many_at_once_pass_their_default_by_nothing(committed_desk: Desk, somebody: UUID) -> None:
    default(committed_desk, 5)

    taken = at_once(12, lambda _number: is_refused(committed_desk, 1, somebody))

    assert taken == {True: 7, False: 5}


def test_whoever_holds_while_the_default_is_set_is_counted(committed_desk: Desk, somebody: UUID) -> None:
    desk = committed_desk

    with meanwhile(lambda: default(desk, 2)) as outcome:
        desk.hold(2 * CREDIT, member_id=somebody)

    assert outcome == ["done"]
    assert is_refused(desk, 1, somebody)


def test_a_hold_without_limits_costs_what_it_always_did(
    desk: Desk, somebody: UUID, django_assert_num_queries: Callable[..., object]
) -> None:
    desk.hold(CREDIT)

    with CaptureQueriesContext(connection) as asked:
        desk.hold(CREDIT, member_id=somebody)

    assert [query["sql"].split("(")[0] for query in asked] == ["SELECT * FROM ledger_hold"]
    assert not Cap.objects.exists()
