"""Forwarding a message. *Called by*: config.urls. *Keeps true*: where to is reached through access, as a seat is."""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat import access as messages
from chat import forwards
from chat.forms import ForwardForm
from chat.views import edits
from workspace import access
from workspace.errors import Invalid
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The choice of where to, as a page or for the dialog; posted, the copy."""
    sight = messages.message(request.user, message_id)
    if request.method != "POST":
        return JsonResponse(forwards.as_json(sight.member)) if wants_json(request) else _page(request, sight)
    form = ForwardForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Pick where to forward it to."))
    wanted = form.cleaned_data
    said = {"note": wanted["note"], "client_id": wanted["client_id"] or uuid4()}
    if wanted["member"]:
        person = access.colleague(sight.member, wanted["member"])
        written = forwards.forward_to(sight.member, sight.message, person, **said)
    else:
        space = access.space_of(sight.member, wanted["space"])
        written = forwards.forward(sight.member, sight.message, space, **said)
    return edits.changed(request, written, status=201)


def _page(request: HttpRequest, sight: messages.Sight) -> HttpResponse:
    """The form; whom and where one may write to comes with it."""
    request.member = sight.member  # type: ignore[attr-defined]
    choices = {"places": forwards.places(sight.member), "people": forwards.people(sight.member)}
    context = {"message": sight.message, "space": sight.space, "client_id": uuid4(), **choices}
    return render(request, "chat/forward.html", context)
