"""Many at once, on real connections: never more than there is, never the same thing twice."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from django.db import connection, transaction

from billing import books, ledger
from billing.models import Hold, Pool, UsageEvent
from billing.refusals import CapReached, NoCredits

from .conftest import CREDIT, Desk


def at_once(count: int, work: Callable[[int], object]) -> Counter[object]:
    """Run this in so many threads that start together; returns how often each outcome came."""
    gate = threading.Barrier(count)

    def run(number: int) -> object:
        gate.wait(30)
        try:
            return work(number)
        except (NoCredits, CapReached) as refused:
            return type(refused).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return Counter(future.result(60) for future in [threads.submit(run, number) for number in range(count)])


def test_fifty_calls_at_a_pool_for_ten_start_exactly_ten(committed_desk: Desk) -> None:
    desk = committed_desk
    desk.settle(desk.hold(90 * CREDIT).call, 90 * CREDIT)
    desk.price("exact")

    first = at_once(50, lambda number: desk.hold(CREDIT, f"first:{number}").is_new)
    for hold in Hold.objects.filter(state="open"):
        desk.settle(hold.call, 400_000)
    then = at_once(50, lambda number: desk.hold(CREDIT, f"then:{number}").is_new)

    assert first == {True: 10, "NoCredits": 40}
    assert then == {True: 6, "NoCredits": 44}
    assert (desk.free, desk.held) == (0, 6 * CREDIT)


def test_a_call_that_is_delivered_to_eight_workers_is_held_once(committed_desk: Desk) -> None:
    desk = committed_desk
    desk.price("exact")

    taken = at_once(8, lambda number: desk.hold(2 * CREDIT, "reply:1").is_new)

    assert taken == {True: 1, False: 7}
    assert desk.held == 2 * CREDIT
    assert desk.settle("reply:1", 0).state == "released"
    assert desk.free == 100 * CREDIT


def test_a_call_that_eight_workers_settle_is_charged_once(committed_desk: Desk) -> None:
    desk = committed_desk
    desk.hold(2 * CREDIT, "reply:1")

    charged = at_once(8, lambda number: desk.settle("reply:1", 650_000).charged_ucr)

    assert charged == {650_000: 8}
    assert UsageEvent.objects.count() == 1
    assert desk.free == 99_350_000


def test_a_lost_call_that_eight_workers_settle_is_charged_once(committed_desk: Desk) -> None:
    desk = committed_desk
    desk.price("exact")

    new = at_once(8, lambda number: desk.settle("reply:lost", CREDIT).is_new)

    assert new == {True: 1, False: 7}
    assert desk.free == 99 * CREDIT


def test_a_source_that_eight_webhooks_grant_is_granted_once(committed_desk: Desk) -> None:
    desk = committed_desk

    def grant(number: int) -> bool:
        return ledger.grant(desk.org.pk, kind="topup", amount_ucr=CREDIT, source_key="topup:pi_1")

    assert at_once(8, grant) == {True: 1, False: 7}
    assert desk.free == 101 * CREDIT


def test_a_hold_inside_a_larger_transaction_waits_for_the_disk_with_it(committed_desk: Desk) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")

        committed_desk.hold(CREDIT, durable=False)

        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_a_members_cap_holds_against_many_at_once(committed_desk: Desk) -> None:
    desk, member = committed_desk, uuid4()
    ledger.cap(desk.org.pk, scope="member", scope_id=member, limit_ucr=5 * CREDIT)
    desk.price("exact")

    taken = at_once(20, lambda number: desk.hold(CREDIT, f"reply:{number}", member_id=member).is_new)

    assert taken == {True: 5, "CapReached": 15}


def test_a_reaper_and_a_settlement_that_meet_charge_once(committed_desk: Desk) -> None:
    desk = committed_desk
    calls = [desk.hold(2 * CREDIT, ttl_seconds=0).call for _ in range(10)]

    def end(number: int) -> object:
        return desk.settle(calls[number // 2], CREDIT).charged_ucr if number % 2 else bool(ledger.reap() + 1)

    at_once(20, end)

    assert (desk.free, desk.held) == (90 * CREDIT, 0)


def test_sixteen_threads_of_everything_leave_books_that_add_up(committed_desk: Desk) -> None:
    desk = committed_desk
    member, refund = uuid4(), desk.grant(20 * CREDIT)
    ledger.cap(desk.org.pk, scope="member", scope_id=member, limit_ucr=30 * CREDIT)
    desk.price("exact")

    def work(number: int) -> None:
        dice = random.Random(number)
        for turn in range(40):
            call = f"reply:{dice.randrange(300)}"
            try:
                match dice.randrange(10):
                    case 0 | 1 | 2 | 3:
                        ttl = dice.choice([0, 600])
                        desk.hold(dice.randrange(1, 3 * CREDIT), call, member_id=member, ttl_seconds=ttl)
                    case 4 | 5 | 6:
                        desk.settle(call, dice.randrange(0, 4 * CREDIT), member_id=member)
                    case 7:
                        ledger.release(desk.org.pk, call=call)
                    case 8:
                        ledger.reap()
                        ledger.extend([call, f"reply:{dice.randrange(300)}"])
                    case _:
                        ledger.grant(desk.org.pk, kind="promo", amount_ucr=CREDIT, source_key=f"p:{turn % 5}")
                        ledger.revoke(desk.org.pk, source_key=refund, total_ucr=turn * 500_000)
            except (NoCredits, CapReached):
                continue

    assert at_once(16, work) == {None: 16}

    assert not [finding for finding in books.breaches() if "two minutes" not in finding.name]
    assert Pool.objects.get(org=desk.org).free_ucr >= 0
    assert UsageEvent.objects.count() > 50
