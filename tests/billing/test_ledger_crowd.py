"""Sixty-four workers at one organization's credits, all doing everything: nothing is spent twice, nobody waits for ever.

*Keeps true*: what the workers were told adds up to what the books say. A verb that is broken off by a deadlock, or that
fails for any reason but a refusal, fails the test.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from billing import books, ledger
from billing.models import Hold, Lot, Move, Pool
from billing.refusals import CapReached, NoCredits

from .conftest import CREDIT, Desk

WORKERS = 64
CALLS = 20_000
SEED = int(os.environ.get("NIGHTLY_SEED", "1"))
MEMBERS = [UUID(int=number) for number in range(1, 6)]


@pytest.fixture
def wide_pool(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connection for each worker."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"]["pool"], "max_size", WORKERS + 2)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"]["pool"], "timeout", 60)
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


class Worker:
    """One of the crowd, and what it was told."""

    def __init__(self, number: int, desk: Desk, *, calls: int, refund: str) -> None:
        self.number, self.desk, self.calls, self.refund = number, desk, calls, refund
        self.dice = random.Random(SEED * WORKERS + number)
        self.charged = 0
        self.told: Counter[str] = Counter()

    def work(self) -> None:
        for turn in range(self.calls):
            is_shared = self.dice.random() < 0.1
            call = f"shared:{self.dice.randrange(self.calls)}" if is_shared else f"reply:{self.number}:{turn}"
            member = self.dice.choice([None, *MEMBERS])
            try:
                held = self.desk.hold(
                    self.dice.randrange(1, CREDIT), call, member_id=member, ttl_seconds=self.dice.choice([0, 600, 600])
                )
                self.told["new" if held.is_new else "redelivered"] += 1
                self.end(held)
            except (NoCredits, CapReached) as refused:
                self.told[type(refused).__name__] += 1
            if self.dice.random() < 0.1:
                self.disturb(turn)

    def end(self, held: ledger.Held) -> None:
        """Finished, stopped, finished twice, failed, or abandoned to the reaper."""
        how, call = self.dice.random(), held.call
        if how < 0.6:
            self.settle(call, self.dice.randrange(0, 2 * held.amount_ucr + 1))
        elif how < 0.75:
            self.settle(call, held.amount_ucr // 2, usage_source="estimated")
        elif how < 0.85:
            self.settle(call, held.amount_ucr)
            self.settle(call, held.amount_ucr // 3)
        elif how < 0.92:
            self.told["released"] += ledger.release(self.desk.org.pk, call=call)

    def settle(self, call: str, amount_ucr: int, **how: object) -> None:
        prompt, completion = divmod(amount_ucr, 10_000)
        settled = self.desk.bill(call, self.desk.used("exact", prompt, completion, **how))
        if settled.is_new:
            self.charged += settled.charged_ucr
            self.told["settled"] += 1

    def disturb(self, turn: int) -> None:
        """What else happens to a pool meanwhile."""
        org_id = self.desk.org.pk
        match self.dice.randrange(8):
            case 0 | 1:
                ledger.reap()
            case 2:
                ledger.extend([f"reply:{self.dice.randrange(WORKERS)}:{turn}" for _ in range(5)])
            case 3:
                gift = {"kind": "topup", "amount_ucr": 40 * CREDIT, "source_key": f"gift:{turn}"}
                self.told["granted"] += ledger.grant(org_id, **gift)  # type: ignore[arg-type]
            case 4:
                soon = timezone.now() + timedelta(milliseconds=self.dice.randrange(2_000))
                ledger.grant(
                    org_id, kind="promo", amount_ucr=CREDIT, source_key=f"soon:{self.number}:{turn}", expires_at=soon
                )
            case 5:
                ledger.revoke(org_id, source_key=self.refund, total_ucr=turn * CREDIT // 10)
            case 6:
                limit_ucr = self.dice.choice([None, CREDIT, 500 * CREDIT])
                ledger.cap(org_id, scope="member", scope_id=self.dice.choice(MEMBERS), limit_ucr=limit_ucr)
            case _:
                ledger.expire()


def crowd(desk: Desk, *, calls: int) -> list[Worker]:
    """So many calls by all workers together, begun at one moment."""
    refund = desk.grant(50 * CREDIT)
    desk.price("exact")
    workers = [Worker(number, desk, calls=calls // WORKERS + 1, refund=refund) for number in range(WORKERS)]
    gate = threading.Barrier(WORKERS)

    def run(worker: Worker) -> None:
        gate.wait(60)
        try:
            worker.work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as threads:
        for future in [threads.submit(run, worker) for worker in workers]:
            future.result()
    return workers


@pytest.mark.parametrize("calls", [640, pytest.param(CALLS, marks=pytest.mark.nightly)])
def test_sixty_four_workers_spend_what_there_is_once(wide_pool: None, committed_desk: Desk, calls: int) -> None:
    workers = crowd(committed_desk, calls=calls)

    ledger.reap(timezone.now() + timedelta(hours=1))
    told = sum((worker.told for worker in workers), Counter[str]())
    charged = sum(worker.charged for worker in workers)
    holds = Hold.objects.filter(org_id=committed_desk.org.pk)
    assert not books.breaches()
    assert told["new"] == holds.count()
    assert told["settled"] == holds.filter(state__in=["settled", "released"]).count() - told["released"]
    assert (
        charged
        == sum(holds.values_list("charged_ucr", flat=True))
        == sum(Lot.objects.values_list("spent_ucr", flat=True))
    )
    assert charged == sum(Move.objects.filter(dst="spent").values_list("amount_ucr", flat=True))
    assert Pool.objects.get(org=committed_desk.org).held_ucr == 0
    assert min(told["redelivered"], told["NoCredits"] + told["CapReached"]) > 0
