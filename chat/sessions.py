"""Signing out closes the sockets of that session.

*Called by*: chat.apps. *Why* a signal receiver, which the house avoids: Django offers no other place where
every way of signing out passes.
"""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from chat import broadcast


@receiver(user_logged_out)
def close_sockets(request: HttpRequest | None, **_: Any) -> None:
    key = request.session.session_key if request and hasattr(request, "session") else None
    if key:
        broadcast.signed_out(key)
