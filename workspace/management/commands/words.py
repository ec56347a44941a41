"""bin/manage words: brings the translations in step with the code. *Called by*: translators, bin/up with --compile."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workspace import wording


class Command(BaseCommand):
    help = "Collect the words of the code into locale/, compile them, and list what is not translated."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--compile", action="store_true", help="only compile what is translated")
        only.add_argument("--check", action="store_true", help="only list what is missing; exit with 1 if anything is")

    def handle(self, *args: Any, **options: Any) -> None:
        wanting = 0
        for language in wording.languages():
            if not options["compile"] and not options["check"]:
                wording.update(settings.ROOT, language)
            if not options["check"]:
                wording.build(settings.ROOT, language)
            if not options["compile"]:
                lines = wording.missing(settings.ROOT, language)
                wanting += len(lines)
                self.stdout.write("\n".join([f"{language}: {len(lines)} not translated", *lines]))
        if options["check"] and wanting:
            raise CommandError(f"{wanting} sentences are not translated.")
