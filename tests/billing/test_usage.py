"""Sums of usage: by whom, where, with what, on which day; and each to the micro-credit what the ledger moved."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from billing import ledger, periods, usage
from billing.models import Account, Move, Plan
from billing.usage import Question, Sums

from .conftest import CREDIT, Desk


def question(desk: Desk, **only: str) -> Question:
    now = timezone.now()
    return Question(desk.org.pk, now - timedelta(days=1), now + timedelta(minutes=1), "UTC", only)


def spent(report: usage.Report, dimension: str) -> dict[str, int]:
    return {value: sums.spent_ucr for value, sums in report.by[dimension].items()}


def moved_to_spent(desk: Desk) -> int:
    return Move.objects.filter(org_id=desk.org.pk, dst="spent").aggregate(total=Sum("amount_ucr"))["total"] or 0


def test_sums_by_each_dimension_come_to_what_the_ledger_moved(desk: Desk, somebody: UUID) -> None:
    room, key = uuid4(), uuid4()
    for amount, where in (
        (3, {"member_id": somebody, "space_id": room}),
        (5, {"space_id": room}),
        (7, {"key_id": key}),
    ):
        desk.settle(desk.hold(amount * CREDIT, call=f"reply:{amount}", **where).call, amount * CREDIT)
    desk.settle(desk.hold(CREDIT, call="batch:1", key_id=key).call, CREDIT)

    report = usage.report(question(desk))

    assert report.total.spent_ucr == moved_to_spent(desk) == 16 * CREDIT
    assert spent(report, "member") == {str(somebody): 3 * CREDIT, "": 13 * CREDIT}
    assert spent(report, "space") == {str(room): 8 * CREDIT, "": 8 * CREDIT}
    assert spent(report, "key") == {str(key): 8 * CREDIT, "": 8 * CREDIT}
    assert spent(report, "kind") == {"reply": 15 * CREDIT, "batch": CREDIT}
    assert spent(report, "provider") == {"scripted": 16 * CREDIT}
    assert list(spent(report, "model").values()) == [16 * CREDIT]
    assert list(spent(report, "day").values()) == [16 * CREDIT]


def test_a_filter_leaves_only_what_it_names(desk: Desk, somebody: UUID) -> None:
    desk.settle(desk.hold(3 * CREDIT, member_id=somebody).call, 3 * CREDIT)
    desk.settle(desk.hold(5 * CREDIT, call="batch:1").call, 5 * CREDIT)
    model = next(iter(usage.report(question(desk)).by["model"]))

    assert usage.report(question(desk, member=str(somebody))).total.spent_ucr == 3 * CREDIT
    assert usage.report(question(desk, member="")).total.spent_ucr == 5 * CREDIT
    assert usage.report(question(desk, kind="batch")).total.spent_ucr == 5 * CREDIT
    assert usage.report(question(desk, kind="batch", member=str(somebody))).total == Sums()
    assert usage.report(question(desk, model=model, provider="scripted", key="", space="")).total.answers == 2
    assert usage.report(question(desk, model="999999")).total == Sums()


def test_nothing_of_another_organization_or_another_time_counts(desk: Desk, make_desk) -> None:  # type: ignore[no-untyped-def]
    make_desk(10 * CREDIT).spend(CREDIT)
    desk.spend(2 * CREDIT)
    yesterday = timezone.now() - timedelta(days=1)

    assert usage.report(question(desk)).total.spent_ucr == 2 * CREDIT
    assert usage.report(Question(desk.org.pk, yesterday - timedelta(days=30), yesterday)).total == Sums()


def test_failed_empty_and_own_key_requests_count_and_cost_nothing(desk: Desk) -> None:
    failed = desk.used("pro", 100, 0, 1, is_delivered=False, usage_source="none")
    desk.bill(desk.ask("pro", 1000, 1000).call, failed, desk.used("pro", 100, 20, 2))
    desk.bill(desk.ask("pro", 1000, 1000).call, desk.used("pro", 100, 0))
    own = ledger.hold(desk.org.pk, call="reply:own", price_ids=[], input_tokens=9, max_output_tokens=9, own_key=True)
    desk.bill(own.call, desk.used("mine", 30, 40, price_id=None, is_own_key=True))

    report = usage.report(question(desk))

    assert (report.total.answers, report.total.own_answers, report.total.empty) == (2, 1, 2)
    assert (report.total.prompt_tokens, report.total.completion_tokens) == (130, 60)
    assert report.by["model"]["~mine"] == Sums(answers=1, own_answers=1, prompt_tokens=30, completion_tokens=40)
    assert usage.report(question(desk, model="~mine")).total.answers == 1
    assert report.total.spent_ucr == moved_to_spent(desk)


def test_what_was_written_off_stands_apart_and_is_shared_out_in_order(empty_desk: Desk) -> None:
    desk = empty_desk
    desk.grant(10 * CREDIT)
    call = desk.hold(10 * CREDIT).call
    prompt = 800 * 10_000
    attempts = [desk.used("exact", 800, number_of, number) for number, number_of in ((1, 0), (2, 5), (3, 5))]
    settled = desk.bill(call, *attempts)
    assert settled.writeoff_ucr == 2 * (prompt + 5) - 10 * CREDIT

    rows = usage.requests(question(desk))

    assert [(row.attempt, row.spent_ucr, row.written_off_ucr, row.attempts) for row in rows] == [
        (3, 10 * CREDIT - prompt - 5, settled.writeoff_ucr, 3),
        (2, prompt + 5, 0, 3),
        (1, 0, 0, 3),
    ]
    total = usage.report(question(desk)).total
    assert (total.spent_ucr, total.written_off_ucr) == (10 * CREDIT, settled.writeoff_ucr)
    assert total.spent_ucr == moved_to_spent(desk)


def test_days_are_those_of_the_reader(desk: Desk) -> None:
    desk.spend(CREDIT)
    at = Move.objects.get(org_id=desk.org.pk, dst="spent").at
    asked = question(desk)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # a day apart, always
        there = Question(asked.org_id, asked.starts_at, asked.ends_at, zone)

        day = at.astimezone(periods.ZoneInfo(zone)).date().isoformat()

        assert spent(usage.report(there), "day") == {day: CREDIT}


def test_the_list_goes_on_where_its_page_ended_in_both_orders(desk: Desk) -> None:
    for amount in range(1, 8):
        desk.spend(amount * CREDIT)
    for is_oldest_first in (False, True):
        found: list[int] = []
        after = None
        while page := usage.requests(question(desk), after=after, is_oldest_first=is_oldest_first, count=3):
            found += [row.spent_ucr // CREDIT for row in page]
            after = page[-1].place

        assert found == sorted(range(1, 8), reverse=not is_oldest_first)


def test_everything_is_one_query_that_reads_by_index(desk: Desk, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    desk.spend(CREDIT)
    with django_assert_num_queries(1) as asked:
        usage.report(question(desk))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "move_of_balance" in plan
    assert "usage_by_org" in plan
    assert "Seq Scan on billing_" not in plan


def test_periods_are_those_of_the_account(desk: Desk) -> None:
    anchor = datetime(2026, 1, 31, 22, tzinfo=UTC)
    Account.objects.create(org=desk.org, plan=Plan.objects.get(slug="team"), anchor_at=anchor, next_grant_at=anchor)

    calendar = periods.Calendar(desk.org.pk)

    running = calendar.current
    assert running.starts_at <= timezone.now() < running.ends_at and running.is_running
    assert calendar.newest_first() == [running]
    assert calendar.of_day(running.starts_at.date()) == running
    assert calendar.before(running) is None and calendar.after(running) is None
