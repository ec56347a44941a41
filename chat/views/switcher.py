"""The list behind the quick switcher. *Called by*: config.urls. *Keeps true*: JSON, for scripts alone."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chat import switcher
from workspace import access


@login_required
@require_safe
def show(request: HttpRequest, slug: str) -> JsonResponse:
    return JsonResponse(switcher.entries(access.member(request.user, slug)))
