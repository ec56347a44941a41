"""Makers, AI models, providers and offers.

*Called by*: gateway.routes, billing.prices, the composer. *Keeps true*: an offer is one provider's way to
one AI model; it is never deleted, only withdrawn; an unknown price is NULL and never zero.
"""

from django.db import models
from django.db.models import Exists, OuterRef, Q


class Provider(models.Model):
    """Whom we call. `env_names` are the environment variables that switch it on, `api_base` its address."""

    slug = models.SlugField(max_length=80, primary_key=True)
    name = models.CharField(max_length=120)
    api_base = models.URLField(max_length=300, blank=True)
    env_names = models.JSONField(default=list)
    is_local = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=False, db_index=True)
    doc_url = models.URLField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name


class AIModelQuerySet(models.QuerySet["AIModel"]):
    def offered(self) -> "AIModelQuerySet":
        """Those that somebody who is switched on serves today."""
        return self.filter(Exists(Offer.objects.callable().filter(ai_model=OuterRef("pk"))), kind="chat")


class AIModel(models.Model):
    """What exists. `handle` is what people write after the @; `key` names it once across providers."""

    key = models.CharField(max_length=120, unique=True)
    handle = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=160)
    maker_name = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=20, default="chat")
    family = models.CharField(max_length=80, blank=True)
    release_date = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AIModelQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class OfferQuerySet(models.QuerySet["Offer"]):
    def callable(self) -> "OfferQuerySet":
        return self.filter(provider__is_enabled=True, withdrawn_at=None)


class Offer(models.Model):
    """One provider's way to one AI model. Prices in US$ per million tokens, limits in tokens; NULL is unknown."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="offers")
    ai_model = models.ForeignKey(AIModel, models.PROTECT, related_name="offers")
    offer_id = models.CharField(max_length=200)
    name = models.CharField(max_length=160)
    variant = models.CharField(max_length=20, blank=True)
    input_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    output_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    cached_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    cache_write_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    is_free = models.BooleanField(default=False)
    context_tokens = models.PositiveIntegerField(null=True)
    max_output_tokens = models.PositiveIntegerField(null=True)
    reasons = models.BooleanField(default=False)
    takes_temperature = models.BooleanField(default=True)
    source_updated = models.CharField(max_length=10, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "offer_id"], name="offer_once_per_provider"),
            models.CheckConstraint(
                condition=Q(input_usd_per_mtok=None) | Q(input_usd_per_mtok__gte=0), name="offer_input_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(output_usd_per_mtok=None) | Q(output_usd_per_mtok__gte=0), name="offer_output_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} at {self.provider_id}"


class Snapshot(models.Model):
    """One reading of a source. The newest digest tells whether there is anything to do."""

    source = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="snapshot_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.digest[:8]}"
