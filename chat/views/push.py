"""The devices of a person: told, tested, removed; and what they are told of an organization.

*Called by*: config.urls; static/js/models/push.js and templates/sw.js speak to the first three. *Keeps true*: everybody
reaches their own only.
"""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat.notices import levels
from chat.push import devices, sealing
from chat.push.forms import EndpointForm, PushForm, SubscriptionForm
from workspace import access
from workspace.errors import Invalid
from workspace.middleware import wants_json
from workspace.models import Member, User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What a browser needs in order to ask; or its asking."""
    if request.method != "POST":
        return JsonResponse({"key": sealing.public_key(), "token": get_token(request)})
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("This browser’s keys for notifications cannot be read."))
    made = devices.subscribe(
        cast(User, request.user),
        **form.cleaned_data,
        session_key=request.session.session_key or "",
        device=devices.name(request.headers.get("User-Agent", "")),
        language=get_language() or "",
    )
    return JsonResponse({"device": str(made.pk)}, status=201)


@login_required
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    form = EndpointForm(request.POST)
    if form.is_valid():
        devices.forget(cast(User, request.user), form.cleaned_data["endpoint"])
    return JsonResponse({})


@login_required
@require_POST
def remove(request: HttpRequest, device_id: UUID) -> HttpResponse:
    devices.remove(cast(User, request.user), device_id)
    return JsonResponse({}) if wants_json(request) else _back(request)


@login_required
@require_POST
def test(request: HttpRequest, device_id: UUID) -> HttpResponse:
    devices.test(cast(User, request.user), device_id)
    if wants_json(request):
        return JsonResponse({})
    messages.success(request, _("The test is on its way. It appears on that device within a few seconds."))
    return _back(request)


@login_required
@require_POST
def preferences(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    form = PushForm(request.POST)
    form.is_valid()
    levels.change_push(member, is_pushed=form.cleaned_data["pushed"], shows_text=form.cleaned_data["text"])
    messages.success(request, _("Your settings are saved."))
    return redirect("notice_settings", slug=slug)


def panel(request: HttpRequest, member: Member) -> dict[str, object]:
    """What notices/_push.html shows: the person's devices, this one among them, and what they are told."""
    mine = devices.of(cast(User, request.user))
    here = next((each for each in mine if each.session_key == request.session.session_key), None)
    now = levels.settings_of(member)
    form = PushForm(initial={"pushed": now.is_pushed, "text": now.shows_text})
    return {"is_push_on": sealing.is_on(), "devices": mine, "this_device": here, "push_form": form}


def _back(request: HttpRequest) -> HttpResponse:
    """To the settings of the organization that the form was on, where it is one of theirs."""
    mine = {member.org.slug for member in access.memberships(request.user)}
    slug = request.POST.get("org", "")
    return redirect("notice_settings", slug=slug) if slug in mine else redirect("home")
