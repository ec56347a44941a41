"""The price book: from US$ to whole ucr, a version whenever something changed, nothing otherwise."""

from collections.abc import Callable
from decimal import Decimal
from time import perf_counter
from uuid import uuid4

import pytest
from django.utils import timezone
from django.utils.timezone import now

from billing import prices
from billing.models import Price
from catalog.models import AIModel, Offer, Provider

from .conftest import make_offer

pytestmark = pytest.mark.django_db


def offer(input_usd: object = "2.5", output_usd: object = "10", **rest: object) -> Offer:
    made = make_offer(
        f"model-{uuid4().hex[:6]}", input_usd, rest.pop("cached", None), rest.pop("write", None), output_usd
    )
    if rest:
        Offer.objects.filter(pk=made.pk).update(**rest)
    return made


def rates(made: Offer) -> tuple[int, ...] | None:
    found = prices.current([made.pk]).get(made.pk)
    if found is None:
        return None
    return (
        found.input_ucr_per_mtok,
        found.cached_ucr_per_mtok,
        found.cache_write_ucr_per_mtok,
        found.output_ucr_per_mtok,
    )


def test_a_credit_is_a_cent_of_list_price() -> None:
    made = offer("2.5", "10", cached="1.25", write="3.125")

    assert prices.publish() == 1

    assert rates(made) == (250_000_000, 125_000_000, 312_500_000, 1_000_000_000)


def test_cached_input_costs_what_input_costs_where_nobody_said_otherwise() -> None:
    made = offer("0.000001", "0.000002")

    prices.publish()

    assert rates(made) == (100, 100, 100, 200)


def test_a_rate_is_rounded_up_with_the_markup(settings) -> None:  # type: ignore[no-untyped-def]
    settings.CREDIT_MARKUP, settings.CREDIT_USD = "0.1", "0.007"
    made = offer("1", "3")

    prices.publish()

    assert rates(made) == (157_142_858, 157_142_858, 157_142_858, 471_428_572)


def test_publishing_again_changes_nothing_and_a_change_adds_one_version() -> None:
    made = offer()
    prices.publish()
    assert prices.publish() == 0

    Offer.objects.filter(pk=made.pk).update(output_usd_per_mtok=Decimal("11"))

    assert prices.publish() == 1
    assert rates(made) == (250_000_000, 250_000_000, 250_000_000, 1_100_000_000)
    assert list(Price.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    "unknown",
    [
        {"input_usd": None},
        {"output_usd": None},
        {"cached": "-1"},
        {"input_usd": "0", "output_usd": "0"},
        {"write": "-0.5"},
    ],
)
def test_what_has_no_honest_price_has_none(unknown: dict[str, object]) -> None:
    made = offer(**unknown)

    assert prices.publish() == 0

    assert rates(made) is None


def test_an_absurd_price_is_none() -> None:
    made = offer("5000")

    assert prices.publish() == 0

    assert rates(made) is None


def test_an_offer_that_is_declared_free_is_priced_at_nothing() -> None:
    made = offer("0", "0", is_free=True)

    assert prices.publish() == 1

    assert rates(made) == (0, 0, 0, 0)


def test_an_offer_loses_its_price_with_the_catalogs_and_gets_it_back() -> None:
    made = offer()
    prices.publish()
    Offer.objects.filter(pk=made.pk).update(output_usd_per_mtok=None)
    assert prices.publish() == 1
    assert rates(made) is None
    assert prices.publish() == 0

    Offer.objects.filter(pk=made.pk).update(output_usd_per_mtok=10)

    assert prices.publish() == 1
    assert rates(made) == (250_000_000, 250_000_000, 250_000_000, 1_000_000_000)


def test_a_withdrawn_offer_keeps_the_price_it_had() -> None:
    made = offer()
    prices.publish()

    Offer.objects.filter(pk=made.pk).update(withdrawn_at=timezone.now(), output_usd_per_mtok=None)

    assert prices.publish() == 0
    assert rates(made) == (250_000_000, 250_000_000, 250_000_000, 1_000_000_000)


def test_only_the_offers_that_were_named_are_published() -> None:
    named, other = offer(), offer()

    assert prices.publish([named.pk]) == 1

    assert rates(other) is None


def test_a_nonsense_setting_is_refused(settings) -> None:  # type: ignore[no-untyped-def]
    settings.CREDIT_USD = "0"

    with pytest.raises(ValueError, match="CREDIT_USD"):
        prices.publish()


def test_the_newest_version_is_found_by_the_index(django_assert_num_queries: Callable[..., object]) -> None:
    made = [offer(str(number), "1") for number in range(1, 4)]
    prices.publish()

    with django_assert_num_queries(1):
        assert set(prices.current([each.pk for each in made])) == {each.pk for each in made}


def test_a_typical_message_is_600_tokens_in_and_300_out() -> None:
    made = offer()
    prices.publish()

    assert prices.typical_cost_ucr(prices.current([made.pk])[made.pk]) == 600 * 250 + 300 * 1_000


def test_five_thousand_offers_are_published_in_seconds_and_checked_in_less() -> None:
    host = Provider.objects.create(slug="many", name="Many")
    ai_model = AIModel.objects.create(key="many", handle="many", name="Many")
    Offer.objects.bulk_create(
        Offer(
            provider=host,
            ai_model=ai_model,
            offer_id=f"many-{number}",
            name="Many",
            input_usd_per_mtok=Decimal(number) / 1_000 + 1,
            output_usd_per_mtok=2,
            first_seen_at=now(),
        )
        for number in range(5_000)
    )

    began = perf_counter()
    assert prices.publish() == 5_000
    assert prices.publish() == 0
    assert perf_counter() - began < 5
