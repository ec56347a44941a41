"""Which offers to call, in which order.

*Called by*: billing.metering. *Keeps true*: only offers of providers that are switched on; the cheapest known
price first, the model of this server before all; at most ROUTE_MAX.
"""

import os
from decimal import Decimal

from django.conf import settings

from catalog.models import AIModel, Offer
from gateway.wire import Route, Target

ROUTE_MAX = 3


def offers(ai_model: AIModel) -> list[Offer]:
    """Callable offers of the AI model, best first. Those without a price are the caller's to drop."""
    found = Offer.objects.callable().filter(ai_model=ai_model, variant="").select_related("provider")
    return sorted(found, key=_rank)


def route(chosen: list[Offer]) -> Route:
    return Route(tuple(target(offer) for offer in chosen[:ROUTE_MAX]))


def target(offer: Offer) -> Target:
    """The offer with its address and the operator's key."""
    provider = offer.provider
    key = next((os.environ[name] for name in provider.env_names if os.environ.get(name)), "")
    return Target(
        offer_pk=offer.pk,
        provider=provider.slug,
        provider_name=provider.name,
        base_url=settings.LOCAL_MODEL_URL if provider.is_local else provider.api_base,
        upstream_model=offer.offer_id,
        api_key=key,
        takes_temperature=offer.takes_temperature,
        repeats_roles=provider.is_local,
    )


def _rank(offer: Offer) -> tuple[bool, bool, Decimal, str]:
    usd_in, usd_out = offer.input_usd_per_mtok, offer.output_usd_per_mtok
    if usd_in is None or usd_out is None:
        return not offer.provider.is_local, True, Decimal(0), offer.provider_id
    return not offer.provider.is_local, False, usd_in + usd_out, offer.provider_id
