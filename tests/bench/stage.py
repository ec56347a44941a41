"""The stage of a benchmark: a database, an organization with people who are signed in, Parley's own processes.

*Called by*: the benchmarks. *Keeps true*: processes run with the settings of bin/up, not with those of tests; what was
started is stopped; Django is imported only once the environment names the benchmark's own database.
"""

import contextlib
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

from tests import databases
from tests.bench.upstream import Upstream
from tests.stack import Stack

LIKE_UP = {"REPLY_LEASE_SECONDS": "20", "WORKER_GRACE_SECONDS": "5"}


class Stage:
    """An organization with `people` members, all in each of the `spaces`."""

    def __init__(self, folder: Path, upstream: Upstream, settings: dict[str, str]) -> None:
        self.upstream = upstream
        self.stack = Stack(folder, provider_url=upstream.url, settings=LIKE_UP | settings)
        self.people: list[Any] = []
        self.spaces: list[Any] = []

    def found(self, *, people: int, spaces: int) -> None:
        from billing import plans
        from workspace import orgs
        from workspace import spaces as places
        from workspace.models import Member, Role, SpaceMember, User

        owner = orgs.found(User.objects.create_user("ana@juniper.example.com", name="Ana"), name="Juniper")
        plans.enroll(owner.org, "business", seats=people)
        self.org = owner.org
        users = [User(email=f"p{n}@juniper.example.com", name=f"P{n}", password="!") for n in range(1, people)]
        User.objects.bulk_create(users)
        rest = [
            Member(org=owner.org, user=user, role=Role.MEMBER, display_name=user.name, handle=user.name.lower())
            for user in users
        ]
        Member.objects.bulk_create(rest)
        self.people = [owner, *rest]
        self.spaces = [places.create(owner, name=f"Space {n}", is_private=False) for n in range(spaces)]
        SpaceMember.objects.bulk_create(
            SpaceMember(org=owner.org, space=space, member=member) for space in self.spaces for member in rest
        )

    def make_model(self, *, tokens: int, every_ms: int) -> str:
        """Put a model that writes so many tokens at that pace into the catalog; returns its handle."""
        from billing import prices
        from catalog.models import AIModel, Offer, Provider

        host, _ = Provider.objects.update_or_create(
            slug="upstream",
            defaults={
                "name": "Upstream",
                "api_base": self.upstream.url,
                "env_names": ["SCRIPTED_KEY"],
                "is_enabled": True,
            },
        )
        handle = f"tokens-{tokens}-{every_ms}"
        ai_model = AIModel.objects.create(key=handle, handle=handle, name="Upstream", maker_name="Bench")
        offer = Offer.objects.create(
            provider=host,
            ai_model=ai_model,
            offer_id=handle,
            name=handle,
            input_usd_per_mtok=Decimal("0.1"),
            output_usd_per_mtok=Decimal("0.2"),
            context_tokens=32_000,
            max_output_tokens=4_000,
        )
        prices.publish([offer.pk])
        return handle

    def sign_in(self, member: Any) -> dict[str, str]:
        """The cookies of a signed-in person, as a browser would send them."""
        from importlib import import_module

        from django.conf import settings

        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session["_auth_user_id"] = str(member.user.pk)
        session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
        session["_auth_user_hash"] = member.user.get_session_auth_hash()
        session.create()
        return {settings.SESSION_COOKIE_NAME: session.session_key, settings.CSRF_COOKIE_NAME: CSRF}

    def space_path(self, space: Any) -> str:
        return f"/spaces/{space.pk}/"

    @property
    def socket_path(self) -> str:
        return f"/orgs/{self.org.slug}/socket/"

    def pid(self, name: str) -> int:
        return self.stack.processes[name].pid

    def audit(self) -> None:
        """The books must balance after a benchmark, or its figures are worth nothing."""
        from django.core.management import call_command, get_commands

        from billing import ledger

        assert ledger.balance(self.org.pk).held_ucr == 0, "credits are still held"
        if "audit_ledger" in get_commands():
            call_command("audit_ledger", stdout=sys.stderr)


CSRF = "b" * 32


@contextlib.contextmanager
def stage(*, people: int, spaces: int, **settings: str) -> Iterator[Stage]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    databases.name_environment()
    databases.create()
    django.setup()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        upstream = Upstream()
        made = Stage(Path(folder), upstream, settings)
        try:
            made.found(people=people, spaces=spaces)
            yield made
        finally:
            made.stack.stop()
            upstream.stop()
            _close_connections()


def new_id() -> str:
    return str(uuid.uuid4())


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
