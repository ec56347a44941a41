"""Django's handler, with all of a request's code in one thread, and a bound on how many run at once.

*Called by*: config.asgi. *Keeps true*: requests beyond the bound wait their turn here instead of failing for want of a
database connection. *Why* not as it comes: our views are synchronous, and Django's own chain of asynchronous and
synchronous middleware hands each request back and forth between loop and thread, half a dozen times.
"""

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http.response import HttpResponseBase

# Below PARLEY_DB_POOL: sockets and health checks need connections too.
AT_ONCE = 10


class Pages(ASGIHandler):
    """An ASGI application."""

    def __init__(self) -> None:
        super().__init__()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        async with self._turns:
            return await sync_to_async(self.get_response)(request)


def pages() -> Any:
    import django

    django.setup(set_prefix=False)
    return Pages()
