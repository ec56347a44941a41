"""What every answer has in common: private by default, and refusals said in words.

*Called by*: Django. *Keeps true*: no cache keeps a page made for a person; a refusal reaches a browser as a
page and a script as `{"error": {"code", "sentence"}}`, with the same status and the same words.
"""

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.errors import NotFound, Refused

URLENCODED = "application/x-www-form-urlencoded"
Answer = Callable[[HttpRequest], HttpResponse]


class PrivateByDefault:
    """Cache-Control: private, no-store on everything that did not say otherwise."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class RefusalPages:
    """Answers a Refused that a view raised."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            return refusal(request, error)
        return None


class PlainForms:
    """Refuses a body that is no form, or not UTF-8: its fields would be read as empty, or garbled and stored so."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Here, because whatever reads a field afterwards, of the form or of the address, reads it in this charset.
        if request.content_params and request.content_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            request.encoding = "utf-8"
            return refusal(request, Garbled())
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        # A view for programs is exempt from CSRF, takes no cookies, and reads its body itself.
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        if request.content_type not in ("", URLENCODED, "multipart/form-data"):
            return refusal(request, NotAForm())
        if request.content_type == URLENCODED:
            try:
                unquote_to_bytes(request.body).decode()
            except UnicodeDecodeError:
                return refusal(request, Garbled())
        return None


class NotAForm(Refused):
    code = "not_a_form"
    status = 415
    message = gettext_lazy("This address takes the fields of a form. Nothing was stored.")


class Garbled(Refused):
    code = "garbled"
    message = gettext_lazy("The request is not text in UTF-8. Nothing was stored.")


class TooLarge(Refused):
    code = "too_large"
    status = 413
    message = gettext_lazy("That is too large to send. Nothing was stored.")


def refusal(request: HttpRequest, error: Refused) -> HttpResponse:
    """The answer that says no."""
    if wants_json(request):
        body = {"error": {"code": error.code, "sentence": error.message, **error.details}}
        return JsonResponse(body, status=error.status)
    template = "404.html" if isinstance(error, NotFound) else "refused.html"
    told = {"sentence": error.message, "code": error.code, "lifted_at": error.details.get("lifted_at", "")}
    return render(request, template, told, status=error.status)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form was made before the person signed in or out, or by another site."""
    error = Refused(_("This form is stale. Reload the page and send it again; what you wrote is kept in your browser."))
    error.code, error.status = "stale_form", 403
    return refusal(request, error)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: what does not exist answers like what one may not see."""
    return refusal(request, NotFound())


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    if isinstance(exception, RequestDataTooBig):
        return refusal(request, TooLarge())
    return refusal(request, Refused(_("The request is not one that this server understands.")))


def crashed(request: HttpRequest) -> HttpResponse:
    """handler500: our fault, said plainly; 503 while the database is away. Asks the database for nothing."""
    error = sys.exc_info()[1]
    # Rate limits of signing in live in the cache, whose own error this room need not know by name.
    is_away = isinstance(error, OperationalError | InterfaceError) or type(error).__module__ == "redis.exceptions"
    code, status = ("unavailable", 503) if is_away else ("crashed", 500)
    sentence = (
        _("Parley cannot reach its database right now. What you wrote is kept in your browser; try again in a moment.")
        if is_away
        else _(
            "Something went wrong on this server, and the operator was told. What you wrote is kept in your browser."
        )
    )
    if wants_json(request):
        answer: HttpResponse = JsonResponse({"error": {"code": code, "sentence": sentence}}, status=status)
    else:
        page = render_to_string("500.html", {"sentence": sentence, "code": code})
        answer = HttpResponse(page, status=status)
    answer["Cache-Control"] = "private, no-store"
    if is_away:
        answer["Retry-After"] = "2"
    return answer


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
