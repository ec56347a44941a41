"""What one request to a provider used, and what the organization pays for it.

*Called by*: usage pages, the audit; only ledger_settle writes. *Keeps true*: one row for each attempt of a hold,
never changed; a failed or empty attempt is charged nothing. *Why* not unique by an upstream's id: those repeat.
"""

from django.db import models
from django.db.models.functions import Now


class UsageSource(models.TextChoices):
    REPORTED = "reported", "Reported by the provider"
    ESTIMATED = "estimated", "Counted here"
    NONE = "none", "Nothing used"


class UsageEvent(models.Model):
    pk = models.CompositePrimaryKey("hold_id", "attempt")
    org_id = models.UUIDField()
    hold = models.ForeignKey(
        "billing.Hold", models.DO_NOTHING, related_name="usage", db_constraint=False, db_index=False
    )
    attempt = models.SmallIntegerField()
    at = models.DateTimeField(db_default=Now())
    member_id = models.UUIDField(null=True)
    space_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    price = models.ForeignKey(
        "billing.Price", models.DO_NOTHING, related_name="+", null=True, db_constraint=False, db_index=False
    )
    provider = models.TextField()
    upstream_model = models.TextField()
    provider_request_id = models.TextField()
    prompt_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    cache_write_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    reasoning_tokens = models.BigIntegerField()
    usage_source = models.TextField(choices=UsageSource)
    is_delivered = models.BooleanField()
    is_own_key = models.BooleanField()
    # The provider's figures contradicted each other and were cut to what can be true.
    is_odd = models.BooleanField()
    list_ucr = models.BigIntegerField()
    charge_ucr = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["org_id", "at"], name="usage_by_org")]

    def __str__(self) -> str:
        return f"{self.upstream_model} {self.charge_ucr}"
