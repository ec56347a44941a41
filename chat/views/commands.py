"""Slash commands: the list that the composer offers, and what one of them said. *Called by*: config.urls, views."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from chat.commands import obeying
from chat.commands.kinds import Said
from chat.forms import MessageForm
from chat.views import spaces as space_pages
from workspace import access
from workspace.errors import NotFound
from workspace.middleware import wants_json


@login_required
@require_safe
def index(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    offered = obeying.available(seat.member, seat.space)
    return JsonResponse({"commands": [obeying.as_json(command) for command in offered]})


def said(request: HttpRequest, seat: access.Seat, answer: Said) -> HttpResponse:
    """What only the caller sees: by the composer, or told on the page that the command leads to."""
    if not wants_json(request) and not answer.goto:
        return space_pages.page(request, seat, said=answer)
    return _led(request, answer)


def said_again(request: HttpRequest) -> HttpResponse:
    """What a command said that took its caller out of the Space, when it is sent again. Raises NotFound."""
    form = MessageForm(request.POST)
    client_id = None if form.errors else form.cleaned_data["client_id"]
    answer = obeying.told_away(request.user, client_id)
    if answer is None:
        raise NotFound
    return _led(request, answer)


def _led(request: HttpRequest, answer: Said) -> HttpResponse:
    if wants_json(request):
        shown = {"goto": answer.goto, "beside": answer.is_beside}
        notice = {"sentence": answer.sentence, "lines": answer.lines, **shown}
        return JsonResponse({"revision": 0, "messages": [], "notice": notice})
    if answer.sentence:
        messages.success(request, answer.sentence)
    return redirect(answer.goto)
