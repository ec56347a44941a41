"""The sidebar by itself, for a page that is open already.

*Called by*: config.urls. *Keeps true*: it is the same partial that every page shows.
"""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workspace import access


@login_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    request.member = access.member(request.user, slug)  # type: ignore[attr-defined]
    return render(request, "_sidebar_places.html")
