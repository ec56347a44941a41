"""Holding and settling one call: what it may cost, what it does cost, and what is refused."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import uuid4

import pytest
from django.db import transaction

from billing import ledger, prices
from billing.models import Hold, Price, UsageEvent
from billing.refusals import ForeignCall, NoCredits, NoPool, Unpriced
from catalog.models import Offer

from .conftest import CREDIT, Desk, make_offer


def test_a_call_holds_its_worst_case_and_pays_for_what_it_used(desk: Desk) -> None:
    held = desk.ask("pro", 1_200, 1_024)
    assert (held.amount_ucr, desk.free, desk.held) == (1_324_000, 98_676_000, 1_324_000)

    settled = desk.bill(held.call, desk.used("pro", 1_200, 350))

    assert (settled.charged_ucr, settled.state, settled.free_ucr) == (650_000, "settled", 99_350_000)
    assert (desk.free, desk.held) == (99_350_000, 0)


def test_a_hold_and_a_settlement_are_one_query_each(
    desk: Desk, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    attempt = desk.used("pro", 1_200, 350)

    with django_assert_num_queries(1):
        held = desk.ask("pro", 1_200, 1_024)
    with django_assert_num_queries(1):
        desk.bill(held.call, attempt)


@pytest.mark.parametrize(
    ("name", "prompt", "cached", "completion", "charge"),
    [("nano", 1, 0, 1, 2), ("fast", 3, 1, 1, 98), ("fast", 0, 0, 1, 60), ("pro", 100, 100, 1, 13_500)],
)
def test_a_charge_is_summed_exactly_and_rounded_up_once(
    desk: Desk, name: str, prompt: int, cached: int, completion: int, charge: int
) -> None:
    call = desk.ask(name, 1_000, 1_000).call

    assert desk.bill(call, desk.used(name, prompt, completion, cached_tokens=cached)).charged_ucr == charge


def test_a_thousand_tiny_calls_are_each_rounded_up(desk: Desk) -> None:
    charges = [desk.bill(desk.ask("nano", 1, 1).call, desk.used("nano", 1, 1)).charged_ucr for _ in range(100)]

    assert sum(charges) == 200
    assert desk.free == 100 * CREDIT - 200


def test_reasoning_tokens_are_part_of_the_completion(desk: Desk) -> None:
    call = desk.ask("pro", 100, 1_000).call

    assert desk.bill(call, desk.used("pro", 100, 500, reasoning_tokens=380)).charged_ucr == 525_000


def test_cache_writes_cost_their_own_rate(desk: Desk) -> None:
    call = desk.ask("fast", 1_000, 1_000).call

    settled = desk.bill(call, desk.used("fast", 1_000, 100, cached_tokens=200, cache_write_tokens=300))

    assert settled.charged_ucr == 500 * 15 + 200 * 7.5 + 300 * 18.75 + 100 * 60


def test_more_cached_than_prompt_tokens_are_cut_and_noted(desk: Desk) -> None:
    call = desk.ask("pro", 1_000, 1_000).call

    settled = desk.bill(call, desk.used("pro", 100, 10, cached_tokens=150))

    assert settled.charged_ucr == 22_500
    assert UsageEvent.objects.get().is_odd


@pytest.mark.parametrize("wrong", [{"cached_tokens": -5}, {"reasoning_tokens": 400}, {"cache_write_tokens": 10**30}])
def test_impossible_figures_never_break_a_settlement(desk: Desk, wrong: dict[str, int]) -> None:
    call = desk.ask("pro", 1_000, 1_000).call

    settled = desk.bill(call, desk.used("pro", 100, 300, **wrong))

    assert settled.is_new
    assert UsageEvent.objects.get().is_odd
    assert settled.charged_ucr <= 100 * 250 + 300 * 1_000


def test_what_an_upstream_calls_itself_cannot_break_a_settlement(desk: Desk) -> None:
    call = desk.ask("pro", 100, 100).call

    desk.bill(call, desk.used("pro", 1, 1, request_id="\x00\ud800" + "x" * 500))

    assert UsageEvent.objects.get().provider_request_id == "?" + "x" * 199


def test_the_dearest_offer_of_the_route_is_held(desk: Desk) -> None:
    assert desk.ask("nano pro fast", 1_000, 1_000).amount_ucr == desk.ask("pro", 1_000, 1_000).amount_ucr


def test_a_dear_cache_write_counts_into_the_worst_case(desk: Desk) -> None:
    assert desk.ask("fast", 1_000_000, 0, min_output_tokens=0).amount_ucr == 18_750_000


def test_a_poor_pool_shortens_the_answer_instead_of_refusing_it(empty_desk: Desk) -> None:
    empty_desk.grant(1_000_000)

    held = empty_desk.ask("pro", 1_000, 4_000)

    assert (held.max_output_tokens, held.amount_ucr, held.limited_by) == (750, 1_000_000, "pool")
    assert empty_desk.free == 0


def test_a_shortened_answer_fits_every_offer_of_the_route(empty_desk: Desk) -> None:
    empty_desk.grant(1_000_000)

    held = empty_desk.ask("fast pro nano", 1_000, 40_000)

    assert (held.max_output_tokens, held.amount_ucr) == (750, 1_000_000)


def test_256_tokens_are_the_shortest_answer_worth_starting(empty_desk: Desk) -> None:
    empty_desk.grant(250_000 + 256_000 - 1)
    with pytest.raises(NoCredits) as refused:
        empty_desk.ask("pro", 1_000, 4_000)
    assert refused.value.details["needed_ucr"] == 506_000
    assert "0.50 free, at least 0.51 needed" in refused.value.message

    empty_desk.grant(1)

    assert empty_desk.ask("pro", 1_000, 4_000).max_output_tokens == 256


def test_who_asks_for_less_than_256_tokens_needs_no_more(empty_desk: Desk) -> None:
    empty_desk.grant(260_000)

    assert empty_desk.ask("pro", 1_000, 10).max_output_tokens == 10
    with pytest.raises(NoCredits) as refused:
        empty_desk.ask("pro", 1_000, 10)
    assert refused.value.details["needed_ucr"] == 260_000


def test_a_refusal_leaves_the_callers_transaction_standing(empty_desk: Desk) -> None:
    with transaction.atomic():
        with pytest.raises(NoCredits):
            empty_desk.hold(1)
        empty_desk.grant(5)

    assert empty_desk.free == 5


def test_the_same_call_is_held_once(desk: Desk) -> None:
    first = desk.hold(2 * CREDIT, "reply:1")

    again = desk.hold(3 * CREDIT, "reply:1")

    assert (again.is_new, again.id, again.amount_ucr, again.state) == (False, first.id, 2 * CREDIT, "open")
    assert desk.held == 2 * CREDIT


def test_a_call_that_was_held_is_recognized_when_the_pool_is_empty(desk: Desk) -> None:
    first = desk.hold(100 * CREDIT, "reply:1")

    assert desk.hold(100 * CREDIT, "reply:1").id == first.id


def test_another_organization_cannot_use_a_call(desk: Desk, make_desk) -> None:  # type: ignore[no-untyped-def]
    other = make_desk(CREDIT)
    desk.hold(CREDIT, "reply:1")

    for attempt in (other.hold, other.settle):
        with pytest.raises(ForeignCall):
            attempt(call="reply:1", amount_ucr=1)
    with pytest.raises(ForeignCall):
        ledger.release(other.org.pk, call="reply:1")

    assert (other.free, desk.held) == (CREDIT, CREDIT)


def test_an_organization_without_a_pool_is_told_so(desk: Desk) -> None:
    with pytest.raises(NoPool):
        ledger.hold(uuid4(), call="x", price_ids=[desk.price("pro").pk], input_tokens=1, max_output_tokens=1)
    with pytest.raises(NoPool):
        ledger.balance(uuid4())


@pytest.mark.parametrize("price_ids", [[], [None], [0], "one too many"])
def test_nothing_is_called_without_a_price(desk: Desk, price_ids: object) -> None:
    ids = [desk.price("pro").pk, None] if price_ids == "one too many" else price_ids

    with pytest.raises(Unpriced):
        ledger.hold(desk.org.pk, call="x", price_ids=ids, input_tokens=1, max_output_tokens=1)  # type: ignore[arg-type]

    assert not Hold.objects.exists()


def test_the_version_that_says_there_is_no_price_is_none(desk: Desk) -> None:
    offer_id = desk.price("pro").offer_id
    Offer.objects.filter(pk=offer_id).update(output_usd_per_mtok=None)
    assert prices.publish() == 1
    newest = Price.objects.get(offer_id=offer_id, version=2)

    with pytest.raises(Unpriced):
        ledger.hold(desk.org.pk, call="x", price_ids=[newest.pk], input_tokens=1, max_output_tokens=1)


def test_a_call_on_an_own_key_costs_nothing_and_is_counted(empty_desk: Desk) -> None:
    held = empty_desk.ask("", 1_000, 1_000, own_key=True)
    assert held.amount_ucr == 0

    own = empty_desk.used("pro", 1_000, 500, price_id=None, is_own_key=True)
    settled = empty_desk.bill(held.call, own)

    assert (settled.charged_ucr, settled.state) == (0, "released")
    event = UsageEvent.objects.get()
    assert (event.prompt_tokens, event.completion_tokens, event.charge_ucr, event.is_own_key) == (1_000, 500, 0, True)


def test_a_free_model_answers_on_an_empty_pool(empty_desk: Desk) -> None:
    offer = make_offer("gift", 0, None, None, 0)
    Offer.objects.filter(pk=offer.pk).update(is_free=True)
    prices.publish([offer.pk])
    free = prices.current([offer.pk])[offer.pk]

    held = ledger.hold(
        empty_desk.org.pk, call="reply:1", price_ids=[free.pk], input_tokens=9_000, max_output_tokens=9_000
    )

    assert (held.amount_ucr, held.max_output_tokens) == (0, 9_000)
    assert empty_desk.bill("reply:1", empty_desk.used("gift", 9, 9, price_id=free.pk)).charged_ucr == 0


def test_failed_attempts_are_recorded_and_only_the_delivered_one_is_paid(desk: Desk) -> None:
    call = desk.ask("pro", 1_000, 1_000).call
    failed = desk.used("pro", 0, 0, is_delivered=False, usage_source="none")

    settled = desk.bill(call, failed, desk.used("pro", 100, 50, number=2))

    assert settled.charged_ucr == 75_000
    assert list(UsageEvent.objects.order_by("attempt").values_list("is_delivered", "charge_ucr")) == [
        (False, 0),
        (True, 75_000),
    ]


def test_a_fallback_is_billed_once_and_what_died_is_the_operators(desk: Desk) -> None:
    call = desk.ask("pro fast", 1_000, 1_000).call

    settled = desk.bill(call, desk.used("pro", 1_000, 200, is_delivered=False), desk.used("fast", 1_000, 300, number=2))

    assert settled.charged_ucr == 33_000
    died = UsageEvent.objects.get(attempt=1)
    assert (died.list_ucr, died.charge_ucr) == (450_000, 0)


def test_an_empty_answer_costs_nothing(desk: Desk) -> None:
    call = desk.ask("pro", 1_000, 1_000).call

    settled = desk.bill(call, desk.used("pro", 1_000, 0))

    assert (settled.charged_ucr, settled.state, desk.free) == (0, "released", 100 * CREDIT)


def test_our_own_count_is_charged_where_none_was_reported_and_never_above_the_hold(desk: Desk) -> None:
    modest, wild = desk.ask("pro", 1_000, 100).call, desk.ask("pro", 1_000, 100).call

    assert desk.bill(modest, desk.used("pro", 120, 42, usage_source="estimated")).charged_ucr == 72_000
    assert desk.bill(wild, desk.used("pro", 9_000, 9_000, usage_source="estimated")).charged_ucr == 350_000


def test_a_price_that_changes_meanwhile_does_not_touch_an_open_call(desk: Desk) -> None:
    held_at = desk.price("pro")
    call = desk.ask("pro", 1_000, 1_000).call
    Offer.objects.filter(pk=held_at.offer_id).update(output_usd_per_mtok=99)
    assert prices.publish() == 1
    dearer = prices.current([held_at.offer_id])[held_at.offer_id]

    with pytest.raises(Exception, match="not held at price"), transaction.atomic():
        desk.bill(call, desk.used("pro", 100, 100, price_id=dearer.pk))
    settled = desk.bill(call, desk.used("pro", 100, 100))

    assert settled.charged_ucr == 125_000
