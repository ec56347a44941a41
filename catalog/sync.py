"""Taking a source into the catalog.

*Called by*: `bin/manage load_catalog`, config.web at start. *Keeps true*: the same digest is a no-op; an offer
that a source no longer names is withdrawn, never deleted; a handle once given stays with its AI model.
"""

import os
from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.models import AIModel, Offer, Provider, Snapshot
from catalog.providers import LOCAL
from catalog.sources import OfferFacts, ProviderFacts, Reading, SourceBroken

SHRINK_MAX = 0.7


@transaction.atomic
def take(reading: Reading) -> bool:
    """Bring the catalog to what the reading says; False when it said so before. Raises SourceBroken."""
    last = Snapshot.objects.select_for_update().filter(source=reading.source).order_by("-taken_at").first()
    if last and last.digest == reading.digest:
        return False
    if last and len(reading.offers) < SHRINK_MAX * last.counts["offers"]:
        raise SourceBroken(f"{reading.source} shrank from {last.counts['offers']} to {len(reading.offers)} offers.")
    _upsert_providers(reading.providers)
    ai_models = _upsert_ai_models(reading)
    _upsert_offers(reading, ai_models)
    counts = {"providers": len(reading.providers), "offers": len(reading.offers)}
    Snapshot.objects.update_or_create(
        source=reading.source, digest=reading.digest, defaults={"counts": counts, "taken_at": timezone.now()}
    )
    return True


def switch_on(*, others_off: bool = True) -> list[str]:
    """Enable the providers that can be called now: a known address, and a key in the environment.

    Returns all that are enabled. `others_off=False` takes nothing away: a shell may lack the keys that the server has.
    """
    here = [
        slug
        for slug, base, names in Provider.objects.filter(is_local=False).values_list("slug", "api_base", "env_names")
        if base and any(os.environ.get(name) for name in names)
    ]
    if settings.LOCAL_MODEL_URL:
        here.append(LOCAL)
    Provider.objects.filter(slug__in=here, is_enabled=False).update(is_enabled=True)
    if others_off:
        Provider.objects.exclude(slug__in=here).filter(is_enabled=True).update(is_enabled=False)
    return list(Provider.objects.filter(is_enabled=True).order_by("slug").values_list("slug", flat=True))


def _upsert_providers(providers: Iterable[ProviderFacts]) -> None:
    rows = [
        Provider(
            slug=facts.slug,
            name=facts.name,
            api_base=facts.api_base,
            env_names=list(facts.env_names),
            doc_url=facts.doc_url,
            is_local=facts.is_local,
        )
        for facts in providers
    ]
    fields = ["name", "api_base", "env_names", "doc_url", "is_local"]
    Provider.objects.bulk_create(rows, update_conflicts=True, unique_fields=["slug"], update_fields=fields)


def _upsert_ai_models(reading: Reading) -> dict[str, int]:
    """One AI model a key; the newest offer tells the name. Returns key -> id."""
    by_key: dict[str, list[OfferFacts]] = defaultdict(list)
    for facts in reading.offers:
        by_key[facts.key].append(facts)
    makers = {LOCAL: str(settings.LOCAL_MODEL["maker"])}
    rows = []
    for key, offers in by_key.items():
        newest = max(offers, key=lambda offer: (offer.source_updated, offer.provider))
        rows.append(
            AIModel(
                key=key,
                handle=key,
                name=newest.name[:160],
                maker_name=makers.get(newest.provider, ""),
                kind="chat" if any(offer.kind == "chat" for offer in offers) else "other",
                family=newest.family[:80],
                release_date=min((offer.release_date for offer in offers if offer.release_date), default=""),
            )
        )
    AIModel.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["name", "kind", "family", "release_date", "maker_name"],
        batch_size=1000,
    )
    return dict(AIModel.objects.filter(key__in=list(by_key)).values_list("key", "id"))


def _upsert_offers(reading: Reading, ai_models: dict[str, int]) -> None:
    rows = [
        Offer(
            provider_id=facts.provider,
            offer_id=facts.offer_id,
            ai_model_id=ai_models[facts.key],
            name=facts.name[:160],
            variant=facts.variant,
            input_usd_per_mtok=facts.input_usd,
            output_usd_per_mtok=facts.output_usd,
            cached_usd_per_mtok=facts.cached_usd,
            cache_write_usd_per_mtok=facts.cache_write_usd,
            is_free=facts.is_free,
            context_tokens=facts.context,
            max_output_tokens=facts.max_output,
            reasons=facts.reasons,
            takes_temperature=facts.takes_temperature,
            source_updated=facts.source_updated,
        )
        for facts in reading.offers
    ]
    kept = {"id", "provider", "offer_id", "first_seen_at"}
    fields = [field.name for field in Offer._meta.concrete_fields if field.name not in kept]
    Offer.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["provider", "offer_id"], update_fields=fields, batch_size=1000
    )
    named = {(facts.provider, facts.offer_id) for facts in reading.offers}
    gone = [
        pk
        for pk, provider, offer_id in Offer.objects.filter(
            provider__in=[facts.slug for facts in reading.providers], withdrawn_at=None
        ).values_list("id", "provider_id", "offer_id")
        if (provider, offer_id) not in named
    ]
    Offer.objects.filter(pk__in=gone).update(withdrawn_at=timezone.now())
