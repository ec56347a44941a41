"""`bin/manage stripe_setup`: put our plans and packs on sale at Stripe, and say what customers may do in its Portal.

*Called by*: the operator, once and whenever a price changed. *Keeps true*: run again, it changes nothing.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import storefront, stripe_api
from workspace.errors import Refused


class Command(BaseCommand):
    help = "Make products, prices and the Portal's configuration at Stripe what the tables here say."

    def handle(self, *args: Any, **options: Any) -> None:
        if not stripe_api.is_on():
            raise CommandError("STRIPE_SECRET_KEY is not set: there is no Stripe to set up.")
        try:
            for said in storefront.set_up():
                self.stdout.write(said)
        except Refused as refusal:
            raise CommandError(str(refusal.details.get("said") or refusal.message)) from refusal
        mode = "live" if stripe_api.is_live() else "test"
        self.stdout.write(f"Plans and packs are on sale, in {mode} mode.")
