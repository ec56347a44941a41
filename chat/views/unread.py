"""Unread: the counts, how far one has read, and whom a call would reach.

*Called by*: config.urls. *Keeps true*: everybody moves their own mark only.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat import access as messages
from chat.forms import ReadForm
from chat.notices import groups, unread
from workspace import access
from workspace.errors import Invalid
from workspace.middleware import wants_json


@login_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    return JsonResponse(unread.counts(access.member(request.user, slug)))


@login_required
@require_POST
def read(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = ReadForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Positions and revisions are whole numbers."))
    unread.read(seat.member, seat.space, form.cleaned_data["position"])
    return JsonResponse({}) if wants_json(request) else redirect(seat.space)


@login_required
@require_POST
def unread_from(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Back to unread, from this message on."""
    sight = messages.message(request.user, message_id)
    unread.unread_from(sight.member, sight.message)
    return JsonResponse({"position": sight.message.position - 1}) if wants_json(request) else redirect(sight.space)


@login_required
@require_safe
def audience(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    return JsonResponse(groups.audience(seat.member, seat.space))
