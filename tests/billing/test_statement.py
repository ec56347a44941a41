"""The statement of a period: opening and all lines come to closing, to the micro-credit."""

from datetime import timedelta

from django.utils import timezone

from billing import ledger, periods, statement, usage
from billing.models import Pool
from billing.periods import Period
from billing.usage import Question

from .conftest import CREDIT, Desk


def this_month(desk: Desk) -> Period:
    pool = Pool.objects.get(org_id=desk.org.pk)
    return Period(pool.period_starts_at, pool.period_ends_at)


def amounts(rows: list) -> list[int]:  # type: ignore[type-arg]
    return [row.amount_ucr for row in rows]


def test_every_way_in_and_out_has_its_line(empty_desk: Desk) -> None:
    desk = empty_desk
    start = timezone.now()
    desk.grant(10 * CREDIT, "plan", expires_at=start + timedelta(days=3))
    desk.grant(20 * CREDIT, "topup", "topup:1", paid_minor=1200, currency="usd", note="A pack")
    desk.spend(3 * CREDIT)
    ledger.revoke(desk.org.pk, source_key="topup:1", total_ucr=5 * CREDIT)
    desk.hold(CREDIT)

    made = statement.of(desk.org.pk, this_month(desk))

    assert made.opening_ucr == 0
    assert amounts(made.granted) == [10 * CREDIT]
    assert [(each.amount_ucr, each.lot.paid_minor, each.lot.note) for each in made.bought] == [
        (20 * CREDIT, 1200, "A pack")
    ]
    assert made.spent_ucr == 3 * CREDIT == sum(sums.spent_ucr for sums in made.by_model.values())
    assert amounts(made.revoked) == [5 * CREDIT]
    assert made.closing_ucr == 22 * CREDIT == desk.free + desk.held and made.held_ucr == CREDIT
    assert made.opening_ucr + made.lines_ucr == made.closing_ucr


def test_one_period_closes_with_what_the_next_one_opens_with(desk: Desk) -> None:
    desk.spend(7 * CREDIT)
    cut = timezone.now()
    desk.grant(4 * CREDIT)
    desk.spend(2 * CREDIT)
    whole = this_month(desk)

    before = statement.of(desk.org.pk, Period(whole.starts_at, cut))
    after = statement.of(desk.org.pk, Period(cut, whole.ends_at))

    assert (before.opening_ucr, before.closing_ucr, after.closing_ucr) == (0, 93 * CREDIT, 95 * CREDIT)
    assert after.opening_ucr == before.closing_ucr
    assert (before.spent_ucr, after.spent_ucr) == (7 * CREDIT, 2 * CREDIT)
    for made in (before, after):
        assert made.opening_ucr + made.lines_ucr == made.closing_ucr


def test_what_ran_out_is_named_with_its_lot(empty_desk: Desk) -> None:
    desk = empty_desk
    desk.grant(10 * CREDIT, "promo", "promo:1", expires_at=timezone.now() + timedelta(milliseconds=5), note="Spring")
    while Pool.objects.get(org_id=desk.org.pk).free_ucr:
        ledger.expire()

    made = statement.of(desk.org.pk, this_month(desk))

    assert [(each.amount_ucr, each.lot.note) for each in made.expired] == [(10 * CREDIT, "Spring")]
    assert made.closing_ucr == 0 == made.opening_ucr + made.lines_ucr


def test_the_spend_by_model_is_that_of_the_usage_page(desk: Desk) -> None:
    desk.bill(desk.ask("pro fast", 5000, 1000).call, desk.used("pro", 4321, 123), desk.used("fast", 999, 77, 2))
    desk.bill(desk.ask("nano", 5000, 1000).call, desk.used("nano", 4999, 1))
    period = this_month(desk)

    made = statement.of(desk.org.pk, period)

    assert made.by_model == usage.report(Question(desk.org.pk, period.starts_at, period.ends_at)).by["model"]
    assert len(made.by_model) == 3
    assert sum(sums.spent_ucr for sums in made.by_model.values()) == made.spent_ucr


def test_a_calendar_goes_back_to_the_first_credits_and_no_further(desk: Desk, juniper) -> None:  # type: ignore[no-untyped-def]
    calendar = periods.Calendar(juniper.org.pk)
    running = calendar.current

    assert calendar.of_day((running.starts_at - timedelta(days=40)).date()) is None
    assert calendar.of_day((running.starts_at + timedelta(days=5)).date()) == running
    assert calendar.of_day((running.ends_at + timedelta(days=5)).date()) is None
