"""What the payment provider has billed and told: copies of its invoices, and its events.

*Called by*: billing.events, billing.invoices, the plan page, the operator's page of events. *Keeps true*: an event is
stored once, as it came, and applied once; an invoice is as it was when it was last read there.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Invoice(models.Model):
    id = models.CharField(max_length=255, primary_key=True)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=100, blank=True, default="")
    status = models.CharField(max_length=20)
    total_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # The payment that paid it: refunds and disputes are told of that.
    payment_id = models.CharField(max_length=255, blank=True, default="", db_index=True)
    created_at = models.DateTimeField()
    due_again_at = models.DateTimeField(null=True)
    page_url = models.URLField(max_length=2000, blank=True, default="")
    pdf_url = models.URLField(max_length=2000, blank=True, default="")
    read_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["org", "-created_at"], name="invoice_by_org")]

    def __str__(self) -> str:
        return self.number or self.id


class StripeEvent(models.Model):
    id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField()
    # Of the last delivery: the provider signs each anew, so that the same one twice is somebody else's copy.
    signature = models.CharField(max_length=300, blank=True, default="")
    org_id = models.UUIDField(null=True)
    applied_at = models.DateTimeField(null=True)
    # What came of it, such as "granted", "nothing to do"; or why it could not be applied.
    outcome = models.CharField(max_length=300, blank=True, default="")
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(applied_at=None), name="stripeevent_waiting"),
            models.Index(fields=["-received_at"], name="stripeevent_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class StripeAlarm(models.Model):
    """What came to the webhook and was refused: forged, stale, from the future, or of the other mode."""

    at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=30)
    sender = models.GenericIPAddressField(null=True)
    event_id = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["-at"], name="stripealarm_newest")]

    def __str__(self) -> str:
        return f"{self.reason} {self.at}"
