"""Previews of links: taking one away, and its picture. *Called by*: config.urls."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from chat import access as messages
from chat import broadcast
from chat.files import serving
from chat.links import pictures, showing
from workspace.middleware import wants_json


@login_required
@require_POST
def hide(request: HttpRequest, message_id: UUID, link_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    message = showing.hide(sight.member, sight.message, link_id)
    if not wants_json(request):
        return redirect(f"{sight.space.get_absolute_url()}#message-{message.pk}")
    return JsonResponse({"revision": message.revision, "message": broadcast.as_json(message)})


@login_required
@require_safe
def picture(request: HttpRequest, link_id: UUID) -> HttpResponseBase:
    return serving.picture(request, pictures.reach(request.user, link_id).image_key)
