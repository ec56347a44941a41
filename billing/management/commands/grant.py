"""`bin/manage grant --org SLUG --credits N --note TEXT`: the operator gives credits by hand.

*Called by*: the operator, where no payment provider is configured or as a favour. *Keeps true*: the same --key is
granted once; the note says why, in the lot and in the organization's audit trail.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from billing import credits, ledger
from workspace import audit
from workspace.models import Org

# A million million credits, a hundred years: sums of a few of these still fit.
MOST_UCR, MOST_DAYS = 10**18, 36_500


class Command(BaseCommand):
    help = "Give an organization credits."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--org", required=True, help="the organization's slug")
        parser.add_argument("--credits", required=True, help="how many, such as 250 or 0.5")
        parser.add_argument("--note", required=True, help="why, for the books")
        parser.add_argument("--kind", choices=["topup", "promo"], default="topup", help="promo burns before top-ups")
        parser.add_argument("--days", type=int, help="expire after so many days; never, if left out")
        parser.add_argument("--key", help="a name for this grant: the same name again grants nothing")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        org = Org.objects.filter(slug=options["org"]).first()
        if org is None:
            raise CommandError(f"There is no organization {options['org']!r}.")
        try:
            amount_ucr = credits.parse(options["credits"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if amount_ucr <= 0:
            raise CommandError("Only more than nothing can be granted.")
        if amount_ucr > MOST_UCR:
            raise CommandError(f"At most {credits.format_ucr(MOST_UCR)} credits can be granted at once.")
        if options["days"] is not None and not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"Days are a number from 1 to {MOST_DAYS:,}.")
        granted = ledger.grant(
            org.pk,
            kind=options["kind"],
            amount_ucr=amount_ucr,
            source_key=f"operator:{org.pk}:{options['key'] or uuid.uuid4()}",
            expires_at=timezone.now() + timedelta(days=options["days"]) if options["days"] else None,
            note=options["note"][:200],
        )
        if not granted:
            raise CommandError(f"{options['key']!r} was granted to {org.slug} before; nothing was changed.")
        audit.record(org, None, "credits.granted", credits.format_exact(amount_ucr), note=options["note"][:200])
        balance = credits.format_ucr(ledger.balance(org.pk).free_ucr)
        self.stdout.write(f"Granted {credits.format_exact(amount_ucr)} credits to {org.name}; it has {balance} now.")
