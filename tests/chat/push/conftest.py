"""A push service as a process of its own, that the operator has named. *Called by*: pytest, for tests/chat/push."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.push import SERVICES
from tests.doubles.push_service import PushService


@pytest.fixture(scope="session")
def push_service() -> Iterator[PushService]:
    double = PushService.start()
    yield double
    double.stop()


@pytest.fixture
def service(push_service: PushService, settings: Any) -> PushService:
    """The double, let through; what is told is due at once."""
    settings.PUSH_PLACES = frozenset([*SERVICES, push_service.url])
    settings.OUTBOUND_ALLOWED = {push_service.place}
    settings.PUSH_DELAY_SECONDS = 0.0
    return push_service
