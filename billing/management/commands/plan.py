"""`bin/manage plan --org SLUG --plan team [--seats N]`: the operator puts an organization on a plan by hand.

*Called by*: the operator, where no payment provider is configured. *Keeps true*: what was granted stays; a better plan
is granted for the period at hand.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from billing import credits, ledger, plans
from billing.models import Plan
from workspace import audit
from workspace.models import Member, Org


class Command(BaseCommand):
    help = "Put an organization on a plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--org", required=True, help="the organization's slug")
        parser.add_argument("--plan", required=True, help="starter, team, business or enterprise")
        parser.add_argument("--seats", type=int, help="how many seats are granted for; its members, if left out")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        org = Org.objects.filter(slug=options["org"]).first()
        plan = Plan.objects.filter(slug=options["plan"]).first()
        if org is None or plan is None:
            raise CommandError(f"There is no {'organization' if org is None else 'plan'} of that name.")
        seats = options["seats"]
        if seats is None:
            seats = Member.objects.present().filter(org=org).count()
        if not 1 <= seats <= 100_000:
            raise CommandError("Seats are a number from 1 to 100,000.")
        plans.switch(org, plan.slug, seats=seats)
        audit.record(org, None, "plan.changed", plan.slug, seats=seats)
        balance = credits.format_ucr(ledger.balance(org.pk).free_ucr)
        self.stdout.write(f"{org.name} is on {plan.name} with {seats} seats; it has {balance} credits now.")
