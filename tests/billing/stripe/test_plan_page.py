"""The page of the plan, and the operator's: who sees what, and that each form does what it says."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client

from billing import storefront
from billing.models import PlanPrice, Recharge, StripeAlarm, StripeEvent
from tests.billing.stripe.conftest import SAVES_THEN_DECLINES, Till, use_card


def client(member: Any) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def page(till: Till, who: Any) -> str:
    return client(who).get(f"/orgs/{till.org.slug}/plan/").content.decode()


def post(till: Till, path: str, who: Any = None, **fields: Any) -> Any:
    return client(who or till.who.ana).post(f"/orgs/{till.org.slug}/plan/{path}/", fields)


def wish(**rest: Any) -> dict[str, Any]:
    return {"plan": "team", "interval": "month", "seats": 4, "currency": "usd", "key": str(uuid4())} | rest


def test_setting_up_twice_changes_nothing(till: Till) -> None:
    assert list(storefront.set_up()) == ["The Portal is configured."]


def test_a_price_that_changed_is_sold_anew_and_who_pays_the_old_one_keeps_it(till: Till) -> None:
    till.subscribed("team", seats=4)
    PlanPrice.objects.filter(plan="team", interval="month", currency="usd").update(seat_minor=1_100)

    said = list(storefront.set_up())

    assert said == ["Changed the price parley_team_seat_month.", "The Portal is configured."]
    till.stand_in.advance(days=32)
    till.hear()
    assert {each.total_minor for each in till.org.invoices.all()} == {2_400 + 4 * 900}
    assert till.lots()[-1] == ("plan", 2_200)


def test_the_command_says_what_it_did(till: Till, capsys: Any) -> None:
    call_command("stripe_setup")

    assert "on sale, in test mode" in capsys.readouterr().out


def test_an_admin_pays_on_the_page_of_stripe_and_comes_back_to_the_plan(till: Till) -> None:
    answer = post(till, "checkout", **wish(seats=5))
    _status, back, _page = till.stand_in.submit(answer.headers["Location"])
    told = client(till.who.ana).get(back.replace("http://127.0.0.1:8000", ""), follow=True).content.decode()

    assert answer.status_code == 303
    assert "Thank you" in told and "of 5 seats" in told and "2,600.00" in told


def test_a_member_sees_plan_and_credits_and_no_sum_of_money(till: Till) -> None:
    till.subscribed("team", seats=4)

    told = page(till, till.who.mei)

    assert "Team" in told and "2,300.00" in told
    assert "$" not in told.partition("<main")[2].partition("</main")[0] and "/plan/portal/" not in told
    assert post(till, "cancel", till.who.mei).status_code == 403


def test_a_change_is_shown_with_its_price_and_made_when_confirmed(till: Till) -> None:
    till.subscribed("team", seats=4)

    shown = post(till, "change", **wish(seats=6)).content.decode()
    assert till.row.seats == 4 and "Change it and pay $" in shown and "$78" in shown
    post(till, "change", **wish(seats=6), confirmed="1")

    assert till.row.seats == 6 and "of 6 seats" in page(till, till.who.ana)


def test_cancelling_is_asked_once_more_and_can_be_taken_back(till: Till) -> None:
    till.subscribed("team", seats=4)
    asked = client(till.who.ana).get(f"/orgs/{till.org.slug}/plan/cancel/").content.decode()

    post(till, "cancel")

    assert "Nothing is deleted" in asked
    assert "Resume" in page(till, till.who.ana)
    post(till, "resume")
    assert till.row.cancels_at is None


def test_what_is_overdue_is_said_with_a_way_to_mend_it(till: Till) -> None:
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)
    till.stand_in.advance(days=32)
    till.hear()

    told = page(till, till.who.ana)
    declined = post(till, "pay")

    assert "did not go through" in told and "Try the card again" in told
    assert declined.status_code == 402 and b"declined" in declined.content


def test_the_portal_opens_for_who_has_paid(till: Till) -> None:
    till.subscribed("team", seats=4)

    answer = post(till, "portal")

    assert answer.status_code == 303 and answer.headers["Location"].startswith(till.stand_in.url)


@pytest.mark.parametrize("most", ["-5", "NaN", "1e30", "0.001", "", "99999999999999"])
def test_sums_that_are_none_are_refused(till: Till, most: str) -> None:
    till.subscribed("team", seats=4)

    answer = post(till, "recharge", is_on="on", threshold="100", pack="credits-1000", monthly_max=most)

    assert answer.status_code == 422 and not Recharge.objects.exists()


@pytest.mark.parametrize("threshold", ["-1", "NaN", "Infinity", "0.0000001", "9223372036855"])
def test_thresholds_that_are_none_are_refused(till: Till, threshold: str) -> None:
    till.subscribed("team", seats=4)

    answer = post(till, "recharge", is_on="on", threshold=threshold, pack="credits-1000", monthly_max="50")

    assert answer.status_code == 422 and not Recharge.objects.exists()


def test_auto_recharge_is_saved_and_shown(till: Till) -> None:
    till.subscribed("team", seats=4)

    post(till, "recharge", is_on="on", threshold="250", pack="credits-1000", monthly_max="50")

    row = Recharge.objects.get(org=till.org)
    assert (row.is_on, row.threshold_ucr, row.monthly_max_minor) == (True, 250_000_000, 5_000)
    assert "$0 of $50 this month" in page(till, till.who.ana)


def test_without_a_key_there_is_no_button_and_it_is_said_who_sets_plans(make_org: Any, db: None) -> None:
    who = make_org(plan="starter")
    browser = client(who.ana)

    told = browser.get(f"/orgs/{who.org.slug}/plan/").content.decode()

    main = told.partition("<main")[2].partition("</main")[0]
    assert "whoever runs it sets the plan" in main
    assert "<button" not in main and "<form" not in main
    assert browser.post(f"/orgs/{who.org.slug}/plan/topup/", {}).status_code == 404


def test_an_operator_sees_every_event_and_replays_one(till: Till) -> None:
    till.subscribed("team", seats=4)
    till.hear()
    StripeAlarm.objects.create(reason="forged", sender="192.0.2.1")
    user = till.who.ana.user
    user.is_operator = True
    user.save()
    browser = client(till.who.ana)

    told = browser.get("/operator/stripe/?type=invoice.paid").content.decode()
    event = StripeEvent.objects.get(type="invoice.paid")
    browser.post(f"/operator/stripe/{event.pk}/replay/")
    waiting = browser.get("/operator/stripe/?state=waiting").content.decode()

    assert "invoice.paid" in told and "Applied" in told and "The signature is not" in told
    assert event.pk in waiting and "customer.created" not in told
    till.hear()
    from billing import events

    events.apply(event.pk)
    assert till.lots() == [("starter", 100), ("plan", 2_200)]


def test_to_others_the_operators_page_does_not_exist(till: Till) -> None:
    assert client(till.who.ana).get("/operator/stripe/").status_code == 404


def test_prices_are_public(client: Client, db: None) -> None:
    told = client.get("/pricing/?interval=year&currency=eur").content.decode()

    assert "€240" in told and "Business" in told and "On request" in told
