"""Which offers are called, in which order."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from catalog.models import AIModel, Offer, Provider
from gateway import routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ai_model() -> AIModel:
    return AIModel.objects.create(key="parrot", handle="parrot", name="Parrot")


def offer(ai_model: AIModel, provider: str, usd_in: str | None, usd_out: str | None = "1", **fields: Any) -> Offer:
    host, _ = Provider.objects.get_or_create(
        slug=provider,
        defaults={
            "name": provider.title(),
            "api_base": f"https://{provider}.example/v1",
            "env_names": [f"{provider.upper()}_A", f"{provider.upper()}_B"],
            "is_enabled": fields.pop("is_enabled", True),
            "is_local": fields.pop("is_local", False),
        },
    )
    usd = {"input_usd_per_mtok": usd_in and Decimal(usd_in), "output_usd_per_mtok": usd_out and Decimal(usd_out)}
    return Offer.objects.create(
        provider=host, ai_model=ai_model, offer_id=f"{provider}/parrot", name="Parrot", **usd, **fields
    )


def names(ai_model: AIModel) -> list[str]:
    return [found.provider_id for found in routes.offers(ai_model)]


def test_this_servers_own_model_comes_first_then_the_cheapest_then_those_without_a_price(ai_model: AIModel) -> None:
    offer(ai_model, "dear", "5")
    offer(ai_model, "unknown", None)
    offer(ai_model, "cheap", "0.1")
    offer(ai_model, "half", "0.1", None)
    offer(ai_model, "ours", "9", is_local=True)
    offer(ai_model, "also", "0.1")

    assert names(ai_model) == ["ours", "also", "cheap", "dear", "half", "unknown"]


def test_only_offers_that_can_be_called_today_are_on_a_route(ai_model: AIModel) -> None:
    other = AIModel.objects.create(key="owl", handle="owl", name="Owl")
    offer(ai_model, "on", "1")
    offer(ai_model, "off", "1", is_enabled=False)
    offer(ai_model, "gone", "1", withdrawn_at=timezone.now())
    offer(ai_model, "variant", "1", variant="free")
    offer(other, "another", "1")

    assert names(ai_model) == ["on"]


def test_a_route_has_at_most_three_targets(ai_model: AIModel) -> None:
    for number in range(5):
        offer(ai_model, f"host{number}", str(number))

    route = routes.route(routes.offers(ai_model))

    assert [target.provider for target in route.targets] == ["host0", "host1", "host2"]


def test_a_target_carries_the_first_key_that_is_set_and_never_shows_it(
    ai_model: AIModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = offer(ai_model, "host", "1", takes_temperature=False)
    monkeypatch.setenv("HOST_A", "")
    monkeypatch.setenv("HOST_B", "sk-secret")

    target = routes.target(made)

    assert (target.api_key, target.base_url, target.upstream_model) == (
        "sk-secret",
        "https://host.example/v1",
        "host/parrot",
    )
    assert not target.takes_temperature
    assert "secret" not in repr(target) and "secret" not in repr(routes.route([made]))


@override_settings(LOCAL_MODEL_URL="http://127.0.0.1:9/v1")
def test_the_local_model_is_called_where_the_operator_said(ai_model: AIModel) -> None:
    target = routes.target(offer(ai_model, "ours", "1", is_local=True))

    assert (target.base_url, target.api_key) == ("http://127.0.0.1:9/v1", "")
