"""Pins of a Space. *Called by*: config.urls."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from chat import access as messages
from chat import pins
from chat.views import edits
from workspace import access
from workspace.middleware import wants_json


@login_required
@require_POST
def pin(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    return edits.changed(request, pins.pin(sight.member, sight.message))


@login_required
@require_POST
def unpin(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    return edits.changed(request, pins.unpin(sight.member, sight.message))


@login_required
@require_safe
def index(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """The pinned messages; as JSON, how many there are."""
    seat = access.seat(request.user, space_id)
    found = pins.pinned(seat.space)
    if wants_json(request):
        return JsonResponse({"count": found.count()})
    request.member = seat.member  # type: ignore[attr-defined]
    pinned = found.select_related("author", "ai_model", "pinned_by")
    return render(request, "chat/pins.html", {"space": seat.space, "pinned": pinned})
