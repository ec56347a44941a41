"""Django's handler, with all of a request's code in one thread, and a bound on how many run at once.

*Called by*: config.asgi. *Keeps true*: requests beyond the bound wait their turn here instead of failing for want of a
database connection. *Why* not as it comes: our views are synchronous, and Django's own chain of asynchronous and
synchronous middleware hands each request back and forth between loop and thread, half a dozen times.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from config.turns import Crowded, Turns

PROBES = ("/livez", "/readyz")


class Pages(ASGIHandler):
    """An ASGI application."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns()

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        turn = self.turns.probe() if request.path in PROBES else self.turns.of(session)
        try:
            async with turn:
                response: HttpResponseBase = await sync_to_async(self.get_response)(request)
        except Crowded:
            return HttpResponse("Too many requests at once. Wait a moment.", status=429, content_type="text/plain")
        # Whom the session belongs to, where the page has asked for it: to ask for this alone would cost a query.
        if session and (user := getattr(request, "_cached_user", None)) is not None and user.is_authenticated:
            self.turns.learn(session, str(user.pk))
        return response


def pages() -> Any:
    import django

    django.setup(set_prefix=False)
    return Pages()
