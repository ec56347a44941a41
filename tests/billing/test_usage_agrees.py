"""Usage page, list of calls, footers, statement and ledger: one figure, whatever happened."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import ledger, statement, usage
from billing.models import Move, Pool
from billing.periods import Period
from billing.refusals import NoCredits
from billing.usage import FILTERS, Question

from .conftest import CREDIT, Desk

AMOUNTS = st.integers(min_value=1, max_value=12 * CREDIT)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["answer", "stop", "overrun", "retry", "late", "open"]), AMOUNTS, AMOUNTS),
        st.tuples(st.sampled_from(["fail", "empty", "own", "release"]), AMOUNTS, st.just(0)),
        st.tuples(st.sampled_from(["grant", "buy", "expire", "refund"]), AMOUNTS, st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


class Office:
    """A desk with members, Spaces and keys, that notes what each answer's footer says."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.footers: list[int] = []
        self.members, self.spaces = [uuid4(), uuid4()], [uuid4(), uuid4(), None]
        self.bought: list[str] = []

    def act(self, deed: str, amount_ucr: int, other_ucr: int) -> None:
        if deed in ("grant", "buy", "expire", "refund"):
            return self._move(deed, amount_ucr)
        who = {"member_id": self.members[amount_ucr % 2], "space_id": self.spaces[amount_ucr % 3]}
        if deed == "own":
            self._own(who)
            return None
        try:
            held = self.desk.hold(amount_ucr, **who)
        except NoCredits:
            return None
        self._close(deed, held.call, amount_ucr, other_ucr)
        return None

    def _close(self, deed: str, call: str, amount_ucr: int, other_ucr: int) -> None:
        desk = self.desk
        match deed:
            case "answer":
                settled = desk.settle(call, amount_ucr)
            case "stop":
                settled = desk.settle(call, min(amount_ucr, other_ucr))
            case "overrun":
                settled = desk.settle(call, amount_ucr + other_ucr)
            case "late":
                ledger.reap(timezone.now() + timedelta(hours=1))
                settled = desk.settle(call, other_ucr)
            case "retry":
                attempts = [
                    desk.used("exact", 3, 0, 1, is_delivered=False),
                    desk.used("exact", 0, other_ucr % 9_999 + 1, 2),
                ]
                settled = desk.bill(call, *attempts, desk.used("exact", 0, other_ucr % 5_000 + 1, 3))
            case "fail":
                settled = desk.bill(call, desk.used("exact", 9, 9, is_delivered=False, usage_source="none"))
            case "empty":
                settled = desk.bill(call, desk.used("exact", 9, 0))
            case "release":
                ledger.release(desk.org.pk, call=call)
                return
            case _:
                return
        self.footers.append(settled.charged_ucr)

    def _own(self, who: dict) -> None:  # type: ignore[type-arg]
        held = ledger.hold(
            self.desk.org.pk,
            call=f"reply:{uuid4()}",
            price_ids=[],
            input_tokens=9,
            max_output_tokens=9,
            own_key=True,
            **who,
        )
        own = self.desk.used("mine", 30, 40, price_id=None, is_own_key=True)
        self.footers.append(self.desk.bill(held.call, own).charged_ucr)

    def _move(self, deed: str, amount_ucr: int) -> None:
        if deed == "grant":
            self.desk.grant(amount_ucr, "promo")
        elif deed == "buy":
            self.bought.append(self.desk.grant(amount_ucr, "topup", paid_minor=100, currency="usd"))
        elif deed == "expire":
            self.desk.grant(amount_ucr, "plan", expires_at=timezone.now() - timedelta(seconds=1))
            ledger.expire()
        elif self.bought:
            ledger.revoke(self.desk.org.pk, source_key=self.bought[-1], total_ucr=amount_ucr)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_page_calls_footers_statement_and_ledger_agree_to_the_micro_credit(
    db: None, make_desk: Callable[..., Desk], deeds: list[tuple[str, int, int]]
) -> None:
    desk = make_desk(10 * CREDIT)
    office, org_id = Office(desk), desk.org.pk
    for deed in deeds:
        office.act(*deed)

    pool = Pool.objects.get(org_id=org_id)
    period = Period(pool.period_starts_at - timedelta(days=1), pool.period_ends_at)
    report = usage.report(Question(org_id, period.starts_at, period.ends_at, "Asia/Taipei"))
    calls = usage.requests(Question(org_id, period.starts_at, period.ends_at), count=1000)
    made = statement.of(org_id, period)
    moved = Move.objects.filter(org_id=org_id, dst="spent").aggregate(total=Sum("amount_ucr"))["total"] or 0

    assert report.total.spent_ucr == moved == sum(office.footers) == made.spent_ucr
    assert sum(call.spent_ucr for call in calls) == moved == pool.period_spent_ucr
    for dimension in ("day", *FILTERS):
        assert sum(sums.spent_ucr for sums in report.by[dimension].values()) == moved
        assert sum(sums.requests for sums in report.by[dimension].values()) == len(calls)
    assert sum(sums.spent_ucr for sums in made.by_model.values()) == moved
    assert report.total.written_off_ucr == sum(call.written_off_ucr for call in calls)
    assert made.opening_ucr == 0
    assert made.opening_ucr + made.lines_ucr == made.closing_ucr == desk.free + desk.held


def test_each_filter_value_asked_for_alone_gives_its_row(desk: Desk) -> None:
    office = Office(desk)
    for number, deed in enumerate(("answer", "stop", "retry", "fail", "own", "answer")):
        office.act(deed, CREDIT + number, CREDIT // 2)
    since, until = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    whole = usage.report(Question(desk.org.pk, since, until))

    for dimension in FILTERS:
        for value, sums in whole.by[dimension].items():
            alone = usage.report(Question(desk.org.pk, since, until, only={dimension: value}))

            assert alone.total == sums, (dimension, value)
