"""`bin/manage demo`: an example organization, and how to sign in. *Called by*: bin/up --demo, newcomers, testers."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from chat import demo


class Command(BaseCommand):
    help = "Make an example organization of three members who have begun to work; say how to sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
        parser.add_argument("--name", default="Juniper Labs", help="the organization's name; each name is made once")

    def handle(self, *args: Any, **options: Any) -> None:
        made = demo.make(options["name"])
        people = [
            {"email": member.email, "password": demo.password(member.email), "role": member.role}
            for member in made.members
        ]
        spaces = [
            {"name": space.name, "url": settings.PARLEY_URL + space.get_absolute_url(), "private": space.is_private}
            for space in made.spaces
        ]
        if options["json"]:
            told = {"url": settings.PARLEY_URL, "org": made.org.slug, "members": people, "spaces": spaces}
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(f"{made.org.name}: sign in at {settings.PARLEY_URL}/accounts/login/ as")
        for person in people:
            self.stdout.write(f"  {person['email']:<36} {person['password']}  ({person['role']})")
