"""`bin/manage audit_ledger`: compare every sum of the ledger with what it is the sum of.

*Called by*: the operator, a nightly timer, the benchmark. *Keeps true*: exit status 1 says that something is wrong.
"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing import books


class Command(BaseCommand):
    help = "Audit the ledger. Exits with 1 when anything does not add up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(books.audit())
        wrong = [finding for finding in findings if finding.breaches]
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not wrong, "checks": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                examples = f"  e.g. {', '.join(finding.examples)}" if finding.examples else ""
                self.stdout.write(f"{finding.breaches:>8}  {finding.name}{examples}")
            self.stdout.write(f"{len(wrong)} of {len(findings)} checks failed." if wrong else "The ledger adds up.")
        if wrong:
            raise SystemExit(1)
