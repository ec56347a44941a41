"""The language of a page, and sentences with something filled in.

*Called by*: Django (the middleware), templates, whoever says a sentence with figures in it. *Keeps true*: a signed-in
person's own choice comes first, then the cookie of this browser, then what the browser asks for.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from workspace.models import User

COOKIE_DAYS = 365
_NAMES = dict(settings.LANGUAGES)


class Languages:
    """Answers each request in the language of who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = of_person(request) or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def of_person(request: HttpRequest) -> str:
    """What the person who is signed in has chosen; "" for nobody, or no choice."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    try:
        chosen = getattr(request.user, "language", "")
    except (OperationalError, InterfaceError):
        return ""  # the page that needs the database says so itself, in the language of the browser
    return chosen if chosen in _NAMES else ""


def known(user: User) -> str:
    """The language of what reaches a person without a browser: theirs, else this server's."""
    return user.language if user.language in _NAMES else settings.LANGUAGE_CODE


def choose(user: User, language: str) -> None:
    """Keep the person's choice, for every browser of theirs; "" leaves it to the browser."""
    user.language = language
    user.save(update_fields=["language"])


def remember(response: HttpResponse, language: str) -> None:
    """Keep the choice in this browser; "" forgets it."""
    name = settings.LANGUAGE_COOKIE_NAME
    if not language:
        response.delete_cookie(name, samesite="Lax")
        return
    age = COOKIE_DAYS * 24 * 3600
    response.set_cookie(name, language, max_age=age, secure=settings.HTTPS, httponly=True, samesite="Lax")


def told(msgid: str, params: dict[str, Any]) -> str:
    """A sentence in the language at hand, with `{name}`s filled in. static/js/lib/words.js does the same."""
    return fill(gettext(msgid), params) if msgid else ""


def fill(sentence: str, params: dict[str, Any]) -> str:
    """Whole numbers are grouped, and what is called `…_at` is a moment in ISO form."""
    if not params:
        return sentence
    return sentence.format(**{name: _shown(name, value) for name, value in params.items()})


def _shown(name: str, value: Any) -> str:
    if name.endswith("_at"):
        return f"{date_format(datetime.fromisoformat(value), 'DATETIME_FORMAT')} UTC"
    if isinstance(value, int):
        return number_format(value, force_grouping=True)
    return str(value)
