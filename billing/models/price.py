"""The price book: each row is one version of one offer's price, in whole ucr per million tokens.

*Called by*: billing.prices, ledger_hold, ledger_settle. *Keeps true*: rows are only ever added; the newest version
of an offer is its price, and a version that is not `is_priced` says that it has none any more.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# With at most ten million tokens a call, sums stay below half of what a BIGINT holds.
DEAREST_UCR_PER_MTOK = 200_000_000_000


class Price(models.Model):
    offer = models.ForeignKey("catalog.Offer", models.PROTECT, related_name="prices", db_index=False)
    version = models.PositiveIntegerField()
    effective_at = models.DateTimeField(db_default=Now())
    is_priced = models.BooleanField()
    input_ucr_per_mtok = models.BigIntegerField()
    cached_ucr_per_mtok = models.BigIntegerField()
    cache_write_ucr_per_mtok = models.BigIntegerField()
    output_ucr_per_mtok = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "version"], name="price_once_per_version"),
            models.CheckConstraint(
                condition=Q(input_ucr_per_mtok__range=(0, DEAREST_UCR_PER_MTOK))
                & Q(cached_ucr_per_mtok__range=(0, DEAREST_UCR_PER_MTOK))
                & Q(cache_write_ucr_per_mtok__range=(0, DEAREST_UCR_PER_MTOK))
                & Q(output_ucr_per_mtok__range=(0, DEAREST_UCR_PER_MTOK)),
                name="price_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} v{self.version}"
