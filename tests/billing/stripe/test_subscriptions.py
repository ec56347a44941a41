"""Subscriptions: from Checkout to credits, through every change, to the end."""

from datetime import timedelta
from uuid import uuid4

import pytest

from billing import events, ledger, plan_changes, plans, stripe_api, subscriptions
from billing.models import Account, Invoice, Lot, StripeEvent
from billing.refusals import PlanLimit
from billing.stripe_refusals import CardDeclined, NeedsCardholder, StripeAway
from tests.billing.stripe.conftest import CREDIT, SAVES_THEN_DECLINES, THREE_D_SECURE, Till, use_card
from workspace.errors import Invalid, NotFound
from workspace.models import AuditLine

MONTH = 32


def test_whoever_returns_from_checkout_is_on_the_plan_at_once(till: Till) -> None:
    session = till.subscribe("team", seats=5)

    plan_changes.finish(till.org, session)

    assert (till.account.plan_id, till.account.seats, till.account.grants_by_calendar) == ("team", 5, False)
    assert till.lots() == [("starter", 100), ("plan", 2_500)]
    assert till.row.status == "active"


def test_the_events_of_a_first_payment_bring_nothing_twice(till: Till) -> None:
    till.subscribed("team", seats=5)

    till.hear()
    till.hear()

    assert till.lots() == [("starter", 100), ("plan", 2_500)]


def test_events_alone_bring_the_plan_too(till: Till) -> None:
    till.subscribe("business", seats=4)

    till.hear()

    assert till.account.plan_id == "business"
    assert till.lots() == [("starter", 100), ("plan", 8_200)]


def test_events_in_reverse_and_twice_come_to_the_same(till: Till) -> None:
    till.subscribe("team", seats=4)
    new = events.fetch_missed()

    for event_id in [*reversed(new), *new]:
        StripeEvent.objects.filter(pk=event_id).update(applied_at=None)
        events.apply(event_id)

    assert till.lots() == [("starter", 100), ("plan", 2_200)]
    assert (till.row.status, till.account.plan_id) == ("active", "team")


def test_somebody_elses_session_is_missing(till: Till, make_org) -> None:
    session = till.subscribe("team")
    other = make_org("Rowan", plan="starter")

    with pytest.raises(NotFound):
        plan_changes.finish(other.org, session)

    assert Account.objects.get(org=other.org).plan_id == "starter"


def test_the_first_invoice_is_listed_with_its_pages(till: Till) -> None:
    till.subscribed("team", seats=5)

    invoice = Invoice.objects.get(org=till.org)
    assert (invoice.status, invoice.total_minor, invoice.currency) == ("paid", 2_400 + 5 * 900, "usd")
    assert invoice.number and invoice.pdf_url and invoice.page_url and invoice.payment_id


def test_a_plan_may_be_paid_in_another_currency(till: Till) -> None:
    till.subscribed("team", seats=4, currency="eur")

    assert Invoice.objects.get(org=till.org).currency == "eur"
    assert till.account.currency == "eur"


def test_fewer_seats_than_members_are_refused(till: Till) -> None:
    with pytest.raises(Invalid, match="at least 4 seats"):
        till.checkout("team", seats=3)


def test_a_page_that_is_left_unpaid_changes_nothing(till: Till) -> None:
    url = till.checkout("team")

    status, _, page = till.stand_in.submit(url, number="4000 0000 0000 0002")
    till.hear()

    assert status not in (302, 303) and "declined" in page
    assert (till.account.plan_id, till.lots()) == ("starter", [("starter", 100)])


def test_of_two_open_pages_only_the_newer_can_be_paid(till: Till) -> None:
    older = till.checkout("team")
    till.checkout("business")

    status, _, _ = till.stand_in.submit(older)
    till.hear()

    assert status >= 400 and till.account.plan_id == "starter"


def test_more_seats_within_the_month_bring_their_share_at_once(till: Till) -> None:
    row = till.subscribed("team", seats=4)
    at = row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 3

    till.change(seats=7, at=at)

    left = int((row.period_ends_at - at).total_seconds())
    whole = int((row.period_ends_at - row.period_starts_at).total_seconds())
    lot = Lot.objects.get(org_id=till.org.pk, kind="seat")
    assert lot.granted_ucr == 3 * 300 * CREDIT * left // whole
    assert (till.account.seats, lot.expires_at) == (7, row.period_ends_at)
    till.hear()
    assert Lot.objects.filter(org_id=till.org.pk, kind="seat").count() == 1


def test_a_preview_says_what_more_seats_will_cost_to_the_cent(till: Till) -> None:
    row = till.subscribed("team", seats=4)
    at = row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2
    wanted = plan_changes.wish(till.org, plan="team", interval="month", seats=6)

    told = plan_changes.preview(till.who.ana, wanted, at=at)
    plan_changes.change(till.who.ana, wanted, at=at, key=str(uuid4()))

    billed = Invoice.objects.filter(org=till.org).order_by("-created_at", "-number").first()
    assert told.is_now and told.each_minor == 2_400 + 6 * 900
    assert told.due_minor == 900 and billed and billed.total_minor == 900


def test_fewer_seats_begin_with_the_next_period(till: Till) -> None:
    till.subscribed("team", seats=6)

    row = till.change(seats=4)

    assert (row.seats, row.next_seats, row.next_plan_id) == (6, 4, "team")
    assert till.lots() == [("starter", 100), ("plan", 2_800)]
    till.stand_in.advance(days=MONTH)
    till.hear()
    assert till.lots() == [("starter", 100), ("plan", 2_800), ("plan", 2_200)]
    assert (till.account.seats, till.row.next_seats) == (4, None)


def test_a_better_plan_begins_at_once_with_its_share_of_credits(till: Till) -> None:
    row = till.subscribed("team", seats=4)
    at = row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2

    till.change(plan="business", seats=4, at=at)

    lot = Lot.objects.get(org_id=till.org.pk, kind="seat")
    assert till.account.plan_id == "business"
    assert lot.granted_ucr == (8_200 - 2_200) * CREDIT // 2


def test_a_lesser_plan_begins_with_the_next_period_and_can_be_taken_back(till: Till) -> None:
    till.subscribed("business", seats=4)
    row = till.change(plan="team", seats=4)
    assert (row.plan_id, row.next_plan_id, till.account.plan_id) == ("business", "team", "business")

    row = plan_changes.resume(till.who.ana)

    assert row.next_plan_id is None
    till.stand_in.advance(days=MONTH)
    till.hear()
    assert till.account.plan_id == "business"


def test_a_lesser_plan_is_there_after_the_period(till: Till) -> None:
    till.subscribed("business", seats=4)
    till.change(plan="team", seats=4)

    till.stand_in.advance(days=MONTH)
    till.hear()

    assert till.account.plan_id == "team"
    assert till.lots()[-1] == ("plan", 2_200)


def test_each_month_that_is_paid_brings_its_credits(till: Till) -> None:
    till.subscribed("team", seats=4)

    till.stand_in.advance(days=MONTH)
    till.hear()
    till.stand_in.advance(days=MONTH)
    till.hear()

    assert till.lots() == [("starter", 100), ("plan", 2_200), ("plan", 2_200), ("plan", 2_200)]


def test_events_that_no_webhook_brought_are_fetched(till: Till) -> None:
    till.subscribed("team", seats=4)
    till.hear()

    till.stand_in.advance(days=MONTH)
    missed = events.fetch_missed()

    assert missed and set(missed) <= set(events.waiting(till.row.read_at + timedelta(minutes=5)))
    for event_id in missed:
        events.apply(event_id)
    assert till.lots()[1:] == [("plan", 2_200), ("plan", 2_200)]


def test_a_subscription_that_is_cancelled_lasts_until_what_was_paid_ends(till: Till) -> None:
    till.subscribed("team", seats=4)

    row = plan_changes.cancel(till.who.ana)

    assert row.cancels_at == row.period_ends_at and till.account.plan_id == "team"
    till.stand_in.advance(days=MONTH)
    till.hear()
    account = till.account
    assert (account.plan_id, account.seats, account.grants_by_calendar) == ("starter", 1, True)
    assert till.lots() == [("starter", 100), ("plan", 2_200), ("starter", 100)]
    assert till.row.status == "canceled"


def test_a_cancellation_can_be_taken_back(till: Till) -> None:
    till.subscribed("team", seats=4)
    plan_changes.cancel(till.who.ana)

    row = plan_changes.resume(till.who.ana)

    assert row.cancels_at is None
    till.stand_in.advance(days=MONTH)
    till.hear()
    assert till.account.plan_id == "team"


def test_whoever_was_on_starter_again_may_subscribe_again(till: Till) -> None:
    till.subscribed("team", seats=4)
    plan_changes.cancel(till.who.ana)
    till.stand_in.advance(days=MONTH)
    till.hear()

    till.subscribe("business", seats=4)
    till.hear()

    assert till.account.plan_id == "business"
    assert till.lots()[-1] == ("plan", 8_200)


def test_a_card_that_declines_for_more_seats_changes_nothing(till: Till) -> None:
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)

    with pytest.raises(CardDeclined):
        till.change(seats=9)

    till.hear()
    assert (till.row.seats, till.account.seats) == (4, 4)
    assert till.lots() == [("starter", 100), ("plan", 2_200)]


def test_a_bank_that_asks_for_the_cardholder_changes_nothing(till: Till) -> None:
    till.subscribed("team", seats=4)
    use_card(till, THREE_D_SECURE)

    with pytest.raises(NeedsCardholder):
        till.change(seats=9)

    assert till.account.seats == 4


def test_while_stripe_is_away_nothing_is_lost(till: Till) -> None:
    till.subscribe("team", seats=4)
    new = events.fetch_missed()
    till.stand_in.fail_next(503, times=40)

    for event_id in new:
        events.apply(event_id)
    with pytest.raises(StripeAway):
        stripe_api.subscription("sub_1")

    waiting = StripeEvent.objects.filter(applied_at=None)
    assert waiting.exists() and all(each.tries and "stripe_away" in each.outcome for each in waiting)
    till.stand_in.fail_no_more()
    for each in waiting:
        events.apply(each.pk)
    assert till.lots() == [("starter", 100), ("plan", 2_200)]


def test_a_trial_brings_a_months_credits_once_and_then_its_price(till: Till, settings) -> None:
    settings.STRIPE_TRIAL_DAYS = 14

    till.subscribed("team", seats=4)

    row, lot = till.row, Lot.objects.get(org_id=till.org.pk, kind="plan")
    assert (row.status, till.account.plan_id, lot.expires_at) == ("trialing", "team", row.trial_ends_at)
    till.stand_in.advance(days=15)
    till.hear()
    assert till.lots() == [("starter", 100), ("plan", 2_200), ("plan", 2_200)]
    assert till.row.status == "active"


def test_a_year_is_granted_month_by_month(till: Till) -> None:
    row = till.subscribed("team", seats=4, interval="year")
    first = Lot.objects.get(org_id=till.org.pk, kind="plan")
    assert (row.paid_until - row.paid_from).days >= 365 and (first.expires_at - row.paid_from).days <= 31

    for days in (20, 33, 33, 63):
        subscriptions.settle_due(row.paid_from + timedelta(days=days))

    assert till.lots() == [("starter", 100), ("plan", 2_200), ("plan", 2_200), ("plan", 2_200)]
    till.hear()
    assert Lot.objects.filter(org_id=till.org.pk, kind="plan").count() == 3


def test_what_was_spent_before_is_counted_in_the_period_that_the_subscription_begins(till: Till) -> None:
    before = ledger.balance(till.org.pk)

    till.subscribed("team", seats=4)

    after = ledger.balance(till.org.pk)
    assert after.period_starts_at <= before.period_ends_at and after.period_starts_at == till.row.anchor_at


def test_each_member_needs_a_seat_that_is_paid(till: Till) -> None:
    till.subscribed("team", seats=5)

    plans.require_room_for_member(till.org, 5)
    with pytest.raises(PlanLimit, match="All 5 seats are taken") as refusal:
        plans.require_room_for_member(till.org, 6)

    assert refusal.value.details["lifted_at"] == f"/orgs/{till.org.slug}/plan/"


def test_every_change_is_in_the_audit_trail(till: Till) -> None:
    till.subscribed("team", seats=4)
    till.change(seats=5)
    plan_changes.cancel(till.who.ana)
    plan_changes.resume(till.who.ana)

    told = list(AuditLine.objects.filter(org=till.org, action__startswith="plan.").values_list("action", flat=True))
    assert sorted(told) == ["plan.cancelled", "plan.changed", "plan.checkout_begun", "plan.resumed"]
