"""The cast, and the stage: a database, a scripted provider, web and worker processes.

*Called by*: pytest. *Keeps true*: doubles are real processes that speak the real protocol over loopback; nothing of
our own is patched; nothing leaves this machine.
"""

import os
import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache as shared_cache
from django.db import transaction

from tests import databases
from tests.doubles.provider import ScriptedProvider
from tests.stack import Stack

_connect = socket.socket.connect


@cache
def _password_hash() -> str:
    """One for everybody, of "correct horse": making it is slow on purpose."""
    from django.contrib.auth.hashers import make_password

    return make_password("correct horse")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is for the night runs at night (bin/nightly), whatever else is chosen."""
    if "NIGHTLY_SEED" not in os.environ:
        late = [item for item in items if item.get_closest_marker("nightly")]
        items[:] = [item for item in items if item not in late]
        config.hook.pytest_deselected(items=late)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""

    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return _connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's own would make a database as the application's role, which may not."""
    databases.create()
    yield
    with django_db_blocker.unblock():
        from django.db import connections

        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, seen by other threads and processes; everything is emptied afterwards."""
    from django.db import connections

    with django_db_blocker.unblock():
        yield
        connections.close_all()
        databases.empty()
    shared_cache.clear()


@pytest.fixture(scope="session")
def provider() -> Iterator[ScriptedProvider]:
    """A provider of the OpenAI protocol, as its own process, that answers as a test tells it to."""
    double = ScriptedProvider.start()
    yield double
    double.stop()


@pytest.fixture
def stack(committed_db: None, provider: ScriptedProvider, tmp_path: Any) -> Iterator[Stack]:
    """Web and worker processes on this test's database; the test starts what it needs."""
    running = Stack(tmp_path, provider_url=provider.url)
    yield running
    running.stop()


@pytest.fixture
def make_model(provider: ScriptedProvider) -> Callable[..., Any]:
    """Put an AI model of the scripted provider into the catalog, priced; its handle is its name at the provider."""

    def make(handle: str = "parrot", *, input_usd: str = "2.5", output_usd: str = "10", **limits: int) -> Any:
        from billing import prices
        from catalog.models import AIModel, Offer, Provider

        host, _ = Provider.objects.update_or_create(
            slug="scripted",
            defaults={
                "name": "Scripted",
                "api_base": provider.url,
                "env_names": ["SCRIPTED_KEY"],
                "is_enabled": True,
            },
        )
        ai_model = AIModel.objects.create(key=handle, handle=handle, name=handle.title(), maker_name="Tests")
        offer = Offer.objects.create(
            provider=host,
            ai_model=ai_model,
            offer_id=handle,
            name=handle,
            input_usd_per_mtok=Decimal(input_usd),
            output_usd_per_mtok=Decimal(output_usd),
            context_tokens=limits.get("context_tokens", 32_000),
            max_output_tokens=limits.get("max_output_tokens", 1_000),
        )
        prices.publish([offer.pk])
        return ai_model

    return make


@pytest.fixture
def make_org() -> Callable[..., SimpleNamespace]:
    """Ana owns an organization, Ben is an admin, Mei a member, Gus a guest in the private Space only.

    Returns org, space (public: General), private (Ana, Ben and Gus), and the members by first name.
    """

    def make(name: str = "Juniper", *, plan: str = "business") -> SimpleNamespace:
        from billing import plans
        from workspace import members, orgs, spaces
        from workspace.models import Role, SpaceMember, User

        def person(first: str) -> User:
            email = f"{first}@{name.lower()}.example.com"
            return User.objects.create(email=email, password=_password_hash(), name=first.title())

        owner = orgs.found(person("ana"), name=name)
        plans.enroll(owner.org, plan)
        ben = members.admit(owner.org, person("ben"), role=Role.ADMIN)
        mei = members.admit(owner.org, person("mei"), role=Role.MEMBER)
        gus = members.admit(owner.org, person("gus"), role=Role.GUEST)
        space = spaces.create(owner, name="General", is_private=False)
        private = spaces.create(owner, name="Board", is_private=True)
        for where, who in ((space, ben), (space, mei), (private, ben), (private, gus)):
            SpaceMember.objects.create(org=owner.org, space=where, member=who)
        return SimpleNamespace(org=owner.org, space=space, private=private, ana=owner, ben=ben, mei=mei, gus=gus)

    return make


@pytest.fixture
def juniper(make_org: Callable[..., SimpleNamespace], db: None) -> SimpleNamespace:
    return make_org()


@pytest.fixture(scope="module")
def whole_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Fourteen kinds of person around three organizations (tests/workspace/actors.py), made once a module."""
    from tests.workspace import actors

    with django_db_blocker.unblock(), transaction.atomic():
        yield actors.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(whole_world: Any, django_db_blocker: Any) -> Iterator[Any]:
    """The whole world, for one test: what it does is undone."""
    shared_cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        yield whole_world
        transaction.set_rollback(True)


@pytest.fixture
def other(make_org: Callable[..., SimpleNamespace], db: None) -> SimpleNamespace:
    """Another organization on the same server, which must never be seen from the first."""
    return make_org("Other")
