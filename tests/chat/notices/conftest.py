"""A mail server for the tests of notices, and people whom mails reach. *Called by*: pytest."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chat.notices.cast import show
from tests.doubles.postbox import Postbox


@pytest.fixture(scope="module")
def postbox() -> Iterator[Postbox]:
    double = Postbox.start()
    yield double
    double.stop()


@pytest.fixture
def post(postbox: Postbox, settings: Any) -> Postbox:
    """The mail server, empty, and Parley told of it."""
    postbox.empty()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", postbox.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = False
    return postbox


@pytest.fixture
def room(juniper: SimpleNamespace) -> SimpleNamespace:
    """Juniper, where Mei and Ben have shown that their addresses are theirs."""
    for who in (juniper.mei, juniper.ben):
        show(who)
    return juniper
