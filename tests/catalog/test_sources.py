"""Reading sources: what is believed of what they say."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings

from catalog import sources

LOCAL = {
    "id": "tiny-1",
    "name": "Tiny 1",
    "handle": "Tiny/1 (mine)",
    "maker": "Us",
    "context": 4096,
    "max_output": 512,
    "input_usd_per_mtok": "0",
    "output_usd_per_mtok": "0.2",
}


def provider(slug: str = "acme", **body: Any) -> sources.ProviderFacts:
    return sources._provider(slug, {"name": "Acme", "env": ["ACME_KEY"], **body})


@pytest.mark.parametrize(
    "base", ["http://api.acme.example/v1", "https://${ACCOUNT}.example/v1", "ftp://x", "", "javascript:x"]
)
def test_an_address_that_is_not_plain_https_is_never_called(base: str) -> None:
    assert provider(api=base).api_base == ""


def test_a_provider_without_an_address_gets_the_one_that_its_own_documentation_names() -> None:
    assert provider("openai").api_base == "https://api.openai.com/v1"
    assert provider("nobody").api_base == ""
    assert provider("acme", api="https://api.acme.example/v1").api_base == "https://api.acme.example/v1"


def test_one_that_speaks_another_format_is_listed_and_not_called() -> None:
    facts = provider(api="https://api.acme.example/v1", npm="@ai-sdk/anthropic")

    assert (facts.slug, facts.env_names, facts.api_base) == ("acme", ("ACME_KEY",), "")


def row(**fields: Any) -> dict[str, Any]:
    return {"id": "maker/Model-1", "name": "Model 1", "modalities": {"output": ["text"]}, **fields}


def test_what_a_source_does_not_say_is_unknown_and_not_zero() -> None:
    facts = sources._offer("acme", row())

    assert (facts.input_usd, facts.output_usd, facts.cached_usd, facts.context, facts.max_output) == (None,) * 5
    assert (facts.kind, facts.takes_temperature, facts.reasons, facts.is_free) == ("chat", True, False, False)


def test_a_price_of_zero_is_a_price_and_only_a_free_variant_is_free() -> None:
    cost = {"input": 0, "output": 0}

    assert sources._offer("acme", row(cost=cost)).input_usd == Decimal(0)
    assert not sources._offer("acme", row(cost=cost)).is_free
    assert sources._offer("acme", row(id="maker/model-1:free", cost=cost)).is_free


def test_prices_are_read_as_they_are_written() -> None:
    facts = sources._offer("acme", row(cost={"input": 0.1, "output": 0.027, "cache_read": 1e-6}))

    assert (facts.input_usd, facts.output_usd, facts.cached_usd) == (
        Decimal("0.1"),
        Decimal("0.027"),
        Decimal("0.000001"),
    )


@pytest.mark.parametrize(
    "fields", [{"modalities": {"output": ["image"]}}, {"id": "text-embedding-3"}, {"id": "x/rerank-2"}]
)
def test_what_does_not_chat_is_not_offered_for_chat(fields: dict[str, Any]) -> None:
    assert sources._offer("acme", row(**fields)).kind == "other"


@override_settings(LOCAL_MODEL=LOCAL)
def test_the_model_of_this_server_is_what_the_settings_say() -> None:
    found = sources.local_model()

    (offer,) = found.offers
    assert (offer.offer_id, offer.key, offer.context, offer.max_output) == ("tiny-1", "1-mine", 4096, 512)
    assert not offer.is_free  # writing costs
    assert found.providers[0].is_local
    with override_settings(LOCAL_MODEL=LOCAL | {"output_usd_per_mtok": "0"}):
        free = sources.local_model()
    assert free.offers[0].is_free
    assert free.digest != found.digest
