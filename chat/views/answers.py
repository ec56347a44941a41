"""What a verb's URL answers when it is done. *Called by*: chat.views.

*Keeps true*: a browser that asks for JSON gets JSON; a plain form is sent on to the page on which it stood.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from workspace.middleware import wants_json


def done(request: HttpRequest, to: Any, status: int = 200, **fields: Any) -> HttpResponse:
    """`to` is what redirect takes."""
    return JsonResponse({"done": True, **fields}, status=status) if wants_json(request) else redirect(to)
