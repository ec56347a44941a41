"""Plans: what is granted when, and what a plan allows."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import books, ledger, plans
from billing.models import Account, Lot, Plan, Pool
from billing.refusals import NoPool, PlanLimit
from workspace.models import Org

CREDIT = 1_000_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Org:
    return Org.objects.create(name="Juniper", slug=f"juniper-{uuid4().hex[:8]}")


def lots(org: Org) -> list[tuple[str, int]]:
    return [(lot.source_key, lot.granted_ucr // CREDIT) for lot in Lot.objects.filter(org_id=org.pk).order_by("id")]


def test_the_plans_are_those_of_the_design() -> None:
    starter, team, business, enterprise = Plan.objects.order_by("rank")

    assert (starter.slug, starter.monthly, starter.grant_ucr(1)) == ("starter", None, 100 * CREDIT)
    assert (starter.max_spaces, starter.max_members, starter.max_tool_servers) == (1, 5, 1)
    assert (team.monthly.base_minor, team.monthly.seat_minor, team.grant_ucr(3)) == (2_400, 900, 1_900 * CREDIT)
    assert (business.monthly.base_minor, business.monthly.seat_minor) == (9_900, 1_800)
    yearly = business.price("year", "eur")
    assert yearly and yearly.total_minor(2) == 10 * (9_900 + 2 * 1_800)
    assert business.grant_ucr(2) == 6_600 * CREDIT
    assert business.has_sso and business.has_zero_retention and business.has_provider_allow_list
    assert enterprise.is_on_request and enterprise.max_spaces is None
    gigabytes = [plan.max_storage_mb and plan.max_storage_mb // 1024 for plan in (starter, team, business, enterprise)]
    assert gigabytes == [1, 10, 100, None]


def test_a_new_organization_starts_with_the_starters_credits(org: Org) -> None:
    account = plans.enroll(org)

    assert lots(org) == [(f"starter:{org.pk}:0", 100)]
    assert ledger.balance(org.pk).free_ucr == 100 * CREDIT
    assert account.next_grant_at == Lot.objects.get().expires_at == Pool.objects.get(org=org).period_ends_at


def test_enrolling_twice_grants_once(org: Org) -> None:
    plans.enroll(org)

    plans.enroll(org, "team")

    assert lots(org) == [(f"starter:{org.pk}:0", 100)]
    assert Account.objects.get().plan_id == "starter"


def test_months_are_counted_from_the_anchor(org: Org) -> None:
    anchor = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
    plans.enroll(org, now=anchor)

    for due in (datetime(2027, 2, 28, 9, 30, tzinfo=UTC), datetime(2027, 3, 31, 9, 30, tzinfo=UTC)):
        assert plans.grant_due(due - timedelta(seconds=1)) == 0
        assert plans.grant_due(due) == 1
        assert plans.grant_due(due) == 0

    ends = list(Lot.objects.order_by("id").values_list("expires_at", flat=True))
    assert [(end.month, end.day) for end in ends] == [(2, 28), (3, 31), (4, 30)]


def test_missed_months_do_not_pile_up(org: Org) -> None:
    plans.enroll(org, now=datetime(2027, 1, 15, tzinfo=UTC))

    assert plans.grant_due(datetime(2027, 6, 20, tzinfo=UTC)) == 1

    assert lots(org) == [(f"starter:{org.pk}:0", 100), (f"starter:{org.pk}:5", 100)]
    assert Account.objects.get().next_grant_at == datetime(2027, 7, 15, tzinfo=UTC)


def test_credits_of_a_month_do_not_roll_over(org: Org) -> None:
    began = timezone.now() - timedelta(days=45)
    plans.enroll(org, now=began)
    plans.grant_due()

    assert ledger.balance(org.pk).free_ucr == 100 * CREDIT

    assert Lot.objects.order_by("id").first().expired_ucr == 100 * CREDIT  # type: ignore[union-attr]
    assert not books.breaches()


def test_a_subscription_that_is_paid_by_invoice_is_not_granted_by_the_calendar(org: Org) -> None:
    plans.enroll(org, "team", now=timezone.now() - timedelta(days=45))
    Account.objects.update(grants_by_calendar=False)

    assert plans.grant_due() == 0


def test_a_better_plan_is_granted_at_once_and_a_lesser_one_from_the_next_month(org: Org) -> None:
    plans.enroll(org)

    plans.switch(org, "team", seats=2)
    plans.switch(org, "starter")
    plans.switch(org, "team", seats=2)

    assert lots(org) == [(f"starter:{org.pk}:0", 100), (f"team:{org.pk}:0", 1_600)]


def test_a_full_plan_says_what_was_reached_and_which_plan_lifts_it(org: Org) -> None:
    plans.enroll(org)
    plans.require_room_for_space(org, 1)
    plans.require_room_for_member(org, 5)

    with pytest.raises(PlanLimit) as space:
        plans.require_room_for_space(org, 2)
    with pytest.raises(PlanLimit) as member:
        plans.require_room_for_member(org, 6)
    with pytest.raises(PlanLimit):
        plans.require_room_for_tool_server(org, 2)

    assert space.value.message == "The Starter plan allows 1 Space. The Team plan allows more."
    assert member.value.message == "The Starter plan allows 5 members. The Team plan allows more."
    where = f"/orgs/{org.slug}/plan/"
    lifted = {"lifted_by": "team", "lifted_at": where}
    assert member.value.details == {"limit": "max_members", "most": 5, "plan": "starter", **lifted}


def test_files_are_counted_in_bytes_and_told_in_gigabytes(org: Org) -> None:
    plans.enroll(org)
    gigabyte = 1024**3
    plans.require_room_for_bytes(org, gigabyte)

    with pytest.raises(PlanLimit) as refused:
        plans.require_room_for_bytes(org, gigabyte + 1)

    assert refused.value.message == "The Starter plan allows 1 GB of files. The Team plan allows more."
    assert plans.storage_bytes(org) == gigabyte


def test_the_plan_that_lifts_a_limit_is_the_cheapest_that_does(org: Org) -> None:
    plans.enroll(org)
    Plan.objects.filter(slug="team").update(max_spaces=10)

    with pytest.raises(PlanLimit) as refused:
        plans.require_room_for_space(org, 11)

    assert refused.value.details["lifted_by"] == "business"


def test_no_plan_may_lift_it(org: Org) -> None:
    plans.enroll(org, "enterprise")
    Plan.objects.update(max_members=50)

    with pytest.raises(PlanLimit, match="No plan allows more"):
        plans.require_room_for_member(org, 51)


def test_a_paid_plan_has_room(org: Org) -> None:
    plans.enroll(org, "team")

    plans.require_room_for_space(org, 1_000)
    plans.require_room_for_member(org, 1_000)


def test_an_organization_that_was_never_enrolled_is_told_so(org: Org) -> None:
    with pytest.raises(NoPool):
        plans.require_room_for_space(org, 1)


instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(anchor=instants, at=instants)
def test_an_instant_is_in_one_period_and_sql_and_python_agree_on_it(anchor: datetime, at: datetime) -> None:
    number = plans.period_number(anchor, at)
    starts, ends = plans.period_start(anchor, number), plans.period_start(anchor, number + 1)

    assert starts <= at < ends
    assert starts.day == min(anchor.day, monthrange(starts.year, starts.month)[1])
    assert starts.timetz() == anchor.timetz()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_period(%s, %s)", [anchor, at])
        assert cursor.fetchone() == (starts, ends)
