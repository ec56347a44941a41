"""Packs: bought by hand or by themselves, refunded, disputed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from billing import events, ledger, plan_changes, purchases, recharges, stripe_api
from billing.models import Lot, Purchase, PurchaseState, Recharge, StripeEvent
from tests.billing.stripe.conftest import CREDIT, SAVES_THEN_DECLINES, THREE_D_SECURE, Till, use_card
from workspace.errors import Invalid, NotFound


def lot(till: Till) -> Lot:
    return Lot.objects.get(org_id=till.org.pk, kind="topup")


def bought(till: Till) -> Purchase:
    plan_changes.finish(till.org, till.top_up())
    return Purchase.objects.get(org=till.org, is_automatic=False)


def spend(till: Till, credits: float) -> None:
    """Let something be spent without a model: a hold on our own books needs a price, and there is one for this."""
    from billing import prices
    from tests.billing.conftest import make_offer

    offer = make_offer(f"exact-{uuid4().hex[:6]}", 100, None, None, 1)
    prices.publish([offer.pk])
    price = prices.current([offer.pk])[offer.pk]
    tokens = int(credits * CREDIT) // 100
    call = f"reply:{uuid4()}"
    ledger.hold(till.org.pk, call=call, price_ids=[price.pk], input_tokens=0, max_output_tokens=tokens)
    used = ledger.Attempt(1, price.pk, "scripted", "exact", True, "reported", completion_tokens=tokens)
    ledger.settle(till.org.pk, call=call, attempts=[used])


def test_a_pack_brings_its_credits_to_whoever_returns(till: Till) -> None:
    purchase = bought(till)

    assert till.lots() == [("starter", 100), ("topup", 1_000)]
    assert (purchase.state, purchase.amount_minor, lot(till).paid_minor) == (PurchaseState.PAID, 1_200, 1_200)
    assert lot(till).expires_at is None and lot(till).source_key == f"topup:{purchase.payment_id}"


def test_the_session_and_the_payment_bring_it_once(till: Till) -> None:
    till.top_up()
    new = events.fetch_missed()

    for event_id in [*reversed(new), *new]:
        StripeEvent.objects.filter(pk=event_id).update(applied_at=None)
        events.apply(event_id)

    assert till.lots() == [("starter", 100), ("topup", 1_000)]


def test_a_pack_that_is_not_there_is_missing(till: Till) -> None:
    with pytest.raises(NotFound):
        purchases.begin(till.who.ana, "credits-7", done_url="http://x/", back_url="http://x/", key="k")


def test_what_is_refunded_in_two_parts_is_taken_back_in_two_parts(till: Till) -> None:
    payment = bought(till).payment_id

    stripe_api.refund(payment, amount_minor=500, key=str(uuid4()))
    till.hear()
    first = lot(till).revoked_ucr
    stripe_api.refund(payment, amount_minor=301, key=str(uuid4()))
    till.hear()
    till.hear()

    assert first == 1_000 * CREDIT * 500 // 1_200
    assert lot(till).revoked_ucr == 1_000 * CREDIT * 801 // 1_200
    assert Purchase.objects.get(payment_id=payment).refunded_minor == 801


def test_a_refund_told_before_its_payment_leaves_nothing_behind(till: Till) -> None:
    till.top_up()
    payment = next(
        each
        for each in stripe_api.events(since=timezone.now() - timedelta(days=1))
        if each.type == "payment_intent.succeeded"
    )
    stripe_api.refund(payment.object_id, amount_minor=1_200, key=str(uuid4()))
    new = events.fetch_missed()

    for event_id in reversed(new):
        events.apply(event_id)

    assert (lot(till).free_ucr, lot(till).revoked_ucr) == (0, 1_000 * CREDIT)


def test_what_was_spent_before_a_refund_is_owed(till: Till) -> None:
    payment = bought(till).payment_id
    spend(till, 100 + 300)

    stripe_api.refund(payment, amount_minor=1_200, key=str(uuid4()))
    till.hear()

    after = lot(till)
    assert (after.spent_ucr, after.revoked_ucr, after.owed_ucr) == (300 * CREDIT, 700 * CREDIT, 300 * CREDIT)
    assert till.free == 0


def test_a_disputed_pack_cannot_be_spent_and_comes_back_when_it_is_won(till: Till) -> None:
    payment = bought(till).payment_id
    dispute = till.stand_in.dispute(payment_intent=payment)
    till.hear()
    assert (lot(till).is_frozen, lot(till).frozen_ucr, till.free) == (True, 1_000 * CREDIT, 100)
    assert Purchase.objects.get(payment_id=payment).is_disputed

    till.stand_in.end_dispute(dispute["id"], won=True)
    till.hear()

    assert (lot(till).is_frozen, lot(till).frozen_ucr, till.free) == (False, 0, 1_100)
    assert not Purchase.objects.get(payment_id=payment).is_disputed


def test_a_dispute_that_is_lost_takes_the_credits_back(till: Till) -> None:
    payment = bought(till).payment_id
    spend(till, 100 + 250)
    dispute = till.stand_in.dispute(payment_intent=payment)
    till.hear()

    till.stand_in.end_dispute(dispute["id"], won=False)
    till.hear()

    after = lot(till)
    assert (after.revoked_ucr, after.owed_ucr, after.frozen_ucr) == (750 * CREDIT, 250 * CREDIT, 0)
    assert (after.is_frozen, till.free) == (False, 0)


def test_what_a_call_gives_back_to_a_disputed_lot_is_frozen_too(till: Till) -> None:
    from billing import prices
    from tests.billing.conftest import make_offer

    payment = bought(till).payment_id
    offer = make_offer("held", 100, None, None, 1)
    prices.publish([offer.pk])
    price = prices.current([offer.pk])[offer.pk]
    ledger.hold(till.org.pk, call="reply:h", price_ids=[price.pk], input_tokens=0, max_output_tokens=10_000_000)
    ledger.hold(till.org.pk, call="reply:i", price_ids=[price.pk], input_tokens=0, max_output_tokens=10_000_000)
    till.stand_in.dispute(payment_intent=payment)
    till.hear()

    ledger.release(till.org.pk, call="reply:h")
    ledger.release(till.org.pk, call="reply:i")

    after = lot(till)
    assert after.free_ucr == 0 and after.frozen_ucr + after.spent_ucr == 1_000 * CREDIT
    assert till.free == 100


def test_a_refund_of_a_months_invoice_takes_that_months_credits(till: Till) -> None:
    till.subscribed("team", seats=4)
    invoice = till.org.invoices.get()

    stripe_api.refund(invoice.payment_id, amount_minor=invoice.paid_minor // 2, key=str(uuid4()))
    till.hear()

    plan = Lot.objects.get(org_id=till.org.pk, kind="plan")
    assert plan.revoked_ucr == 1_100 * CREDIT


# Auto-recharge


def low(till: Till, **rest: Any) -> None:
    """A card is saved, credits are low, and a pack is to be bought below 2,000 of them."""
    till.subscribed("team", seats=4)
    told = {"threshold_ucr": 5_000 * CREDIT, "pack": "credits-1000", "monthly_max_minor": 3_000, "is_on": True} | rest
    recharges.set_up(till.who.ana, **told)


def test_a_pack_is_bought_by_itself_when_credits_are_low(till: Till) -> None:
    low(till)
    assert recharges.due() == [till.org.pk] and recharges.is_low(till.org.pk, int(till.free * CREDIT))

    said = recharges.attempt(till.org.pk)
    till.hear()

    assert said == "granted" and till.lots()[-1] == ("topup", 1_000)
    assert Purchase.objects.get(org=till.org).is_automatic


def test_enough_credits_buy_nothing(till: Till) -> None:
    low(till, threshold_ucr=10 * CREDIT)

    assert recharges.attempt(till.org.pk) == "enough credits"
    assert recharges.due() == []


def test_the_most_for_a_month_is_kept(till: Till) -> None:
    low(till, monthly_max_minor=3_000, threshold_ucr=50_000 * CREDIT)

    said = [recharges.attempt(till.org.pk) for _ in range(4)]

    assert said == ["granted", "granted", *["the most for this month is reached"] * 2]
    assert recharges.spent_minor(till.org) == 2_400


def test_a_card_that_declines_three_times_turns_it_off_and_tells_admins(
    till: Till, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    low(till)
    use_card(till, SAVES_THEN_DECLINES)
    now = timezone.now()

    with django_capture_on_commit_callbacks(execute=True):
        said = [recharges.attempt(till.org.pk, now + timedelta(hours=2 * turn)) for turn in range(4)]

    assert said == ["refused", "refused", "refused, and off now", "off"]
    row = Recharge.objects.get(org=till.org)
    assert (row.is_on, row.failures) == (False, 3) and row.stopped_because
    assert {to for letter in mailoutbox for to in letter.to} == {till.who.ana.user.email, till.who.ben.user.email}
    assert not any(kind == "topup" for kind, _ in till.lots())


def test_a_card_is_not_tried_again_at_once(till: Till) -> None:
    low(till)
    use_card(till, SAVES_THEN_DECLINES)

    said = [recharges.attempt(till.org.pk) for _ in range(2)]

    assert said == ["refused", "was refused a moment ago"]


def test_a_bank_that_asks_for_the_cardholder_is_told_by_mail_and_paid_by_hand(till: Till, mailoutbox: Any) -> None:
    low(till)
    use_card(till, THREE_D_SECURE)

    said = recharges.attempt(till.org.pk)

    assert said == "waits for the cardholder" == recharges.attempt(till.org.pk)
    assert not any(kind == "topup" for kind, _ in till.lots())
    url = next(word for word in mailoutbox[0].body.split() if "/c/" in word or "checkout" in word)
    status, back, page = till.stand_in.submit(url)
    assert status in (302, 303), page
    till.hear()
    assert till.lots()[-1] == ("topup", 1_000)
    assert Purchase.objects.get(org=till.org).state == PurchaseState.PAID


def test_a_purchase_that_stripe_did_not_answer_is_sent_again_and_charged_once(till: Till) -> None:
    low(till)
    till.stand_in.fail_next(500, path="/v1/payment_intents", before=False, times=3)
    with pytest.raises(Exception, match="Stripe does not answer"):
        recharges.attempt(till.org.pk)
    assert Purchase.objects.get(org=till.org).state == PurchaseState.OPEN
    till.stand_in.fail_no_more()

    said = recharges.attempt(till.org.pk)
    till.hear()

    assert said == "granted"
    paid = [
        each for each in till.stand_in.requests() if each["path"] == "/v1/payment_intents" and each["method"] == "POST"
    ]
    assert len({each["idempotency_key"] for each in paid}) == 1
    assert [kind for kind, _ in till.lots()].count("topup") == 1


def test_a_maximum_below_one_pack_and_no_saved_card_are_refused(till: Till) -> None:
    with pytest.raises(Invalid, match="less than one pack"):
        recharges.set_up(till.who.ana, is_on=True, threshold_ucr=1, pack="credits-1000", monthly_max_minor=100)
    with pytest.raises(Invalid, match="how a card is saved"):
        recharges.set_up(till.who.ana, is_on=True, threshold_ucr=1, pack="credits-1000", monthly_max_minor=5_000)
