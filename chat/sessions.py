"""Signing out closes the sockets of that session, and its browser is not told of anything any more; a new password
closes those of all other sessions.

*Called by*: chat.apps, chat.push. *Why* signal receivers, which the house avoids: Django and allauth offer no other
place where every way of signing out, or to a new password, passes.
"""

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from allauth.account.signals import password_changed, password_reset, password_set
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from chat import broadcast
from chat.push import devices
from workspace.models import Member, User

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


@receiver([password_changed, password_set, password_reset])
def look_again(user: User, **_: Any) -> None:
    """Whoever knew only the old password hears nothing more: each socket reads whether its session is still good."""
    people = list(Member.objects.present().filter(user=user).values_list("pk", flat=True))
    transaction.on_commit(lambda: broadcast.rights_changed(people))
