"""Who may send a large body, and how much of them is kept on disk while they come.

*Called by*: config.web. *Keeps true*: nothing larger than a page's form is kept for anybody who is not signed in; what
is promised to come never adds up to more than the disk is asked to hold, of one person or of all.
"""

import os
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections, connections
from django.http.cookie import parse_cookie

from config.edge import ARCHIVE_MAX

IN_ALL_MAX_MB = int(os.environ.get("PARLEY_UPLOADS_MAX_MB", "4096"))


class Shelf:
    """What is promised and not yet dealt with, in bytes. Lives in one thread."""

    def __init__(self, *, in_all: int, each: int) -> None:
        self._in_all, self._each = in_all, each
        self._taken: dict[str, int] = {}

    def take(self, user_id: str, size: int) -> bool:
        """Whether there is room for it."""
        own = self._taken.get(user_id, 0) + size
        if own > self._each or sum(self._taken.values()) + size > self._in_all:
            return False
        self._taken[user_id] = own
        return True

    def give_back(self, user_id: str, size: int) -> None:
        self._taken[user_id] -= size
        if not self._taken[user_id]:
            del self._taken[user_id]


# Of one person an archive, or as many files as that.
shelf = Shelf(in_all=IN_ALL_MAX_MB * 1024 * 1024, each=ARCHIVE_MAX)


def ask(cookies: bytes) -> str:
    """What `sender` says, in a thread of the web process; its connection is given back."""
    close_old_connections()
    try:
        return sender(cookies)
    finally:
        connections.close_all()


def sender(cookies: bytes) -> str:
    """The id of whoever is signed in with these cookies, or ""."""
    key = parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    if not key:
        return ""
    request: Any = SimpleNamespace(session=import_module(settings.SESSION_ENGINE).SessionStore(key))
    user = get_user(request)
    return str(user.pk) if user.is_authenticated and user.is_active else ""
