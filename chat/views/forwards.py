"""Forwarding a message. *Called by*: config.urls."""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat import access as messages
from chat import forwards
from chat.forms import ForwardForm
from chat.views import edits
from workspace import access
from workspace.errors import Invalid


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    if request.method != "POST":
        return _page(request, sight)
    form = ForwardForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Pick where to forward it to."))
    wanted = form.cleaned_data
    space = access.space_of(sight.member, wanted["space"])
    client_id = wanted["client_id"] or uuid4()
    written = forwards.forward(sight.member, sight.message, space, note=wanted["note"], client_id=client_id)
    return edits.changed(request, written, status=201)


def _page(request: HttpRequest, sight: messages.Sight) -> HttpResponse:
    """The form; the Spaces that one may write in come with it."""
    request.member = sight.member  # type: ignore[attr-defined]
    places = forwards.places(sight.member)
    context = {"message": sight.message, "space": sight.space, "places": places, "client_id": uuid4()}
    return render(request, "chat/forward.html", context)
