"""`bin/manage stripe_sweep`: fetch what no webhook brought, and apply everything that waits, now.

*Called by*: the operator, after an outage. *Keeps true*: what was applied before stays as it is.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import events, stripe_api
from billing.models import StripeEvent


class Command(BaseCommand):
    help = "Fetch events that were missed, and apply all that wait."

    def handle(self, *args: Any, **options: Any) -> None:
        if not stripe_api.is_on():
            raise CommandError("STRIPE_SECRET_KEY is not set: there is no Stripe to ask.")
        missed = events.fetch_missed()
        waiting = list(StripeEvent.objects.filter(applied_at=None).order_by("created_at").values_list("pk", flat=True))
        for event_id in waiting:
            events.apply(event_id)
        left = StripeEvent.objects.filter(applied_at=None).count()
        self.stdout.write(f"{len(missed)} were missed, {len(waiting) - left} applied, {left} still wait.")
