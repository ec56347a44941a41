"""One row for every try to call a provider.

*Called by*: gateway.attempts, model pages, routing by speed. *Keeps true*: appended once, with its end;
`call` is a plain reference ("reply:<id>"), because telemetry outlives what it measured.
"""

from django.db import models


class Attempt(models.Model):
    call = models.CharField(max_length=80)
    number = models.PositiveSmallIntegerField()
    org_id = models.UUIDField()
    offer = models.ForeignKey("catalog.Offer", models.PROTECT, related_name="attempts", null=True)
    provider = models.CharField(max_length=80)
    upstream_model = models.CharField(max_length=200)
    outcome = models.CharField(max_length=30)
    status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    first_token_ms = models.FloatField(null=True)
    duration_ms = models.FloatField()
    prompt_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="attempt_once")]
        indexes = [models.Index(fields=["offer", "-started_at"], name="attempt_by_offer")]

    def __str__(self) -> str:
        return f"{self.call} #{self.number}: {self.outcome}"
