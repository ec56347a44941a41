"""What every answer has in common: private by default, and refusals said in words.

*Called by*: Django. *Keeps true*: no cache keeps a page made for a person; a refusal reaches a browser as a
page and a script as `{"error": {"code", "sentence"}}`, with the same status and the same words.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from workspace.errors import NotFound, Refused

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


def refusal(request: HttpRequest, error: Refused) -> HttpResponse:
    """The answer that says no."""
    if wants_json(request):
        body = {"error": {"code": error.code, "sentence": error.message, **error.details}}
        return JsonResponse(body, status=error.status)
    template = "404.html" if isinstance(error, NotFound) else "refused.html"
    return render(request, template, {"sentence": error.message, "code": error.code}, status=error.status)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form was made before the person signed in or out, or by another site."""
    error = Refused("This form is stale. Reload the page and send it again; what you wrote is kept in your browser.")
    error.code, error.status = "stale_form", 403
    return refusal(request, error)


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
