"""Signing out closes the sockets of that session, and its browser is not told of anything any more.

*Called by*: chat.apps, chat.push. *Why* a signal receiver, which the house avoids: Django offers no other place where
every way of signing out passes.
"""

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from chat import broadcast
from chat.push import devices

_session_store = import_module(settings.SESSION_ENGINE).SessionStore


def person(session_key: str) -> UUID | None:
    """Who is signed in by that session, if it is still good: not over, and of today's password."""
    return get_user(SimpleNamespace(session=_session_store(session_key))).pk  # type: ignore[arg-type]


@receiver(user_logged_out)
def close_sockets(request: HttpRequest | None, **_: Any) -> None:
    key = request.session.session_key if request and hasattr(request, "session") else None
    if key:
        broadcast.signed_out(key)
        devices.end(key)
