"""Any order of events: whatever happens to a pool, it adds up, and it does what a few lines of arithmetic say."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from billing import books, ledger, prices
from billing.models import Hold, Lot, Price
from billing.refusals import CapReached, NoCredits

from .conftest import CREDIT, Desk

MEMBER = UUID(int=7)
STALE = "an open call has not run out for more than two minutes"
amounts = st.integers(1, 12 * CREDIT)
calls = st.integers(0, 7).map("reply:{}".format)


class Story(RuleBasedStateMachine):
    """One organization's life. Beside the ledger runs a model of it that knows only sums."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.desk = Story.make()
        self.granted = self.spent = self.revoked = self.expired = 0
        self.keys: list[str] = []

    @rule(amount=amounts, kind=st.sampled_from(["topup", "promo", "plan"]), days=st.sampled_from([None, 1, 30]))
    def grant(self, amount: int, kind: str, days: int | None) -> None:
        expires_at = timezone.now() + timedelta(days=days) if days else None
        self.keys.append(self.desk.grant(amount, kind=kind, expires_at=expires_at))
        self.granted += amount

    @rule(amount=amounts)
    def grant_what_has_run_out(self, amount: int) -> None:
        self.desk.grant(amount, kind="plan", expires_at=timezone.now())
        self.granted += amount
        self.expired += amount

    @rule(call=calls, amount=amounts, is_mine=st.booleans())
    def hold(self, call: str, amount: int, is_mine: bool) -> None:
        free, known = self.desk.free, Hold.objects.filter(call=call).exists()
        try:
            held = self.desk.hold(amount, call, member_id=MEMBER if is_mine else None)
        except NoCredits:
            assert free < amount
            return
        except CapReached:
            assert is_mine
            return
        assert held.is_new != known
        assert known or held.free_ucr == free - amount

    @rule(call=calls, amount=st.integers(0, 20 * CREDIT))
    def settle(self, call: str, amount: int) -> None:
        free, before = self.desk.free, Hold.objects.filter(call=call).first()
        settled = self.desk.settle(call, amount, member_id=MEMBER)
        if before and before.state in ("settled", "released"):
            assert not settled.is_new
            return
        own = before.amount_ucr if before and before.is_open else 0
        owed = Lot.objects.filter(owed_ucr__gt=0).exists()
        assert settled.charged_ucr + settled.writeoff_ucr == amount
        assert settled.writeoff_ucr == max(amount - free - own, 0) or owed
        self.spent += settled.charged_ucr

    @rule(call=calls)
    def release(self, call: str) -> None:
        was_open = Hold.objects.filter(call=call, state__in=["open", "reaped"]).exists()
        assert ledger.release(self.desk.org.pk, call=call) == was_open

    @rule(is_due=st.booleans())
    def reap(self, is_due: bool) -> None:
        still_open = Hold.objects.filter(org_id=self.desk.org.pk, state="open").count()
        assert ledger.reap(timezone.now() + timedelta(hours=int(is_due))) == (still_open if is_due else 0)

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), total=amounts)
    def revoke(self, data: st.DataObject, total: int) -> None:
        ledger.revoke(self.desk.org.pk, source_key=data.draw(st.sampled_from(self.keys)), total_ucr=total)

    @rule(limit=st.sampled_from([None, 0, 5 * CREDIT, 50 * CREDIT]))
    def cap(self, limit: int | None) -> None:
        ledger.cap(self.desk.org.pk, scope="member", scope_id=MEMBER, limit_ucr=limit)

    @invariant()
    def the_books_add_up(self) -> None:
        assert not [finding for finding in books.breaches() if finding.name != STALE]

    @invariant()
    def nothing_comes_from_nowhere(self) -> None:
        balance = ledger.balance(self.desk.org.pk)
        revoked = sum(Lot.objects.filter(org_id=self.desk.org.pk).values_list("revoked_ucr", flat=True))
        assert self.granted == balance.free_ucr + balance.held_ucr + self.spent + self.expired + revoked

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    make: Callable[[], Desk]


def test_any_story_of_a_pool_adds_up(db: None, make_desk: Callable[..., Desk]) -> None:
    make_desk().price("exact")
    Story.make = staticmethod(make_desk)  # type: ignore[method-assign, assignment]

    machine = Story.TestCase()
    machine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
    machine.runTest()


tokens = st.integers(0, 2_000_000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=tokens, cached=tokens, cache_write=tokens, completion=tokens)
def test_the_arithmetic_of_sql_and_of_python_agree(
    desk: Desk, prompt: int, cached: int, cache_write: int, completion: int
) -> None:
    price: Price = desk.price("fast")
    call = f"reply:{uuid4()}"
    desk.grant(10**9)
    desk.ask("fast", 1, 1, call)

    used = desk.used("fast", prompt, completion, cached_tokens=cached, cache_write_tokens=cache_write)
    settled = desk.bill(call, used)

    cached = min(cached, prompt)
    cache_write = min(cache_write, prompt - cached)
    expected = prices.cost_ucr(
        price,
        prompt_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=cache_write,
        completion_tokens=completion,
    )
    assert settled.charged_ucr == (expected if completion else 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=st.integers(1, 3 * CREDIT), prompt=st.integers(0, 5_000), wanted=st.integers(1, 100_000))
@pytest.mark.parametrize("route", ["pro", "pro fast", "fast nano"])
def test_an_answer_of_the_promised_length_never_costs_more_than_was_held(
    db: None, make_desk: Callable[..., Desk], route: str, left: int, prompt: int, wanted: int
) -> None:
    desk = make_desk(left)
    try:
        held = desk.ask(route, prompt, wanted, f"reply:{uuid4()}")
    except NoCredits:
        return

    assert held.amount_ucr <= left
    assert held.max_output_tokens == wanted or held.max_output_tokens >= 256
    for name in route.split():
        price = desk.price(name)
        dearest_ucr = max(price.input_ucr_per_mtok, price.cache_write_ucr_per_mtok)
        worst = -(-(prompt * dearest_ucr + held.max_output_tokens * price.output_ucr_per_mtok) // 1_000_000)
        assert worst <= held.amount_ucr
