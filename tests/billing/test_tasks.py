"""What beat wakes: a minute's work on the credits, and again without harm."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import ledger, plans, tasks
from billing.models import Lot
from workspace.models import Org

from .conftest import CREDIT, Desk


def test_a_minutes_work_reaps_expires_and_begins_the_next_month(desk: Desk) -> None:
    desk.hold(CREDIT, ttl_seconds=0)
    desk.grant(CREDIT, kind="plan", expires_at=timezone.now() - timedelta(seconds=1))
    late = Org.objects.create(name="Late", slug="late")
    plans.enroll(late, now=timezone.now() - timedelta(days=40))

    for _ in range(2):
        tasks.expire_credits()

    assert (desk.free, desk.held) == (100 * CREDIT, 0)
    assert ledger.balance(late.pk).free_ucr == 100 * CREDIT
    assert Lot.objects.filter(org_id=late.pk).count() == 2


@pytest.mark.django_db
def test_the_hourly_grant_finds_nothing_left_to_do() -> None:
    org = Org.objects.create(name="New", slug="new-org")
    plans.enroll(org)

    tasks.grant_due()

    assert Lot.objects.filter(org_id=org.pk).count() == 1
