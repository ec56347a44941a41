"""Bringing in: the archive given, looked at, begun, under way, over.

*Called by*: config.urls. *Keeps true*: a passage is reached through chat.passages.access, each time.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.forms import ArchiveForm
from chat.models import Passage, PassageKind, PassageState
from chat.passages import access as passage_access
from chat.passages import choice, coming, hold
from workspace import access, permits
from workspace.errors import Invalid, Refused
from workspace.middleware import wants_json
from workspace.models import Member

SHOWN_MAX = 20
IN = (PassageKind.SLACK_IN, PassageKind.PARLEY_IN)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    access.require_admin(member)
    if request.method != "POST":
        return _bring_page(request, member)
    form = ArchiveForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise Invalid(_("Choose the zip archive first."))
        return redirect("passage", passage_id=coming.receive(member, form.cleaned_data["archive"]).pk)
    except Refused as refusal:
        if wants_json(request):
            raise
        return _bring_page(request, member, refusal=refusal)


@login_required
@require_safe
def show(request: HttpRequest, passage_id: UUID) -> HttpResponse:
    passage, member = passage_access.passage(request.user, passage_id)
    if wants_json(request):
        return JsonResponse({"state": passage.state, "done": passage.done, "total": passage.total})
    return _page(request, passage, member)


@login_required
@require_POST
def begin(request: HttpRequest, passage_id: UUID) -> HttpResponse:
    passage, member = passage_access.passage(request.user, passage_id)
    said = request.POST
    chosen = choice.ids(passage.preview, named=said.getlist("channel"), rest_of=said.getlist("rest"))
    try:
        coming.begin(member, passage, channel_ids=chosen)
    except Refused as refusal:
        if wants_json(request):
            raise
        return _page(request, passage, member, refusal=refusal)
    return redirect("passage", passage_id=passage.pk)


@login_required
@require_POST
def stop(request: HttpRequest, passage_id: UUID) -> HttpResponse:
    passage, member = passage_access.passage(request.user, passage_id)
    coming.stop(member, passage)
    return redirect("passage", passage_id=passage.pk)


def _bring_page(request: HttpRequest, member: Member, *, refusal: Refused | None = None) -> HttpResponse:
    request.member = member  # type: ignore[attr-defined]
    earlier = Passage.objects.filter(org_id=member.org_id, kind__in=IN).select_related("asked_by")
    context = {
        "earlier": earlier.order_by("-created_at")[:SHOWN_MAX],
        "limit": refusal,
        "permit": permits.give(request, member.org.slug),
    }
    return render(request, "chat/import.html", context, status=refusal.status if refusal else 200)


def _page(request: HttpRequest, passage: Passage, member: Member, *, refusal: Refused | None = None) -> HttpResponse:
    request.member = member  # type: ignore[attr-defined]
    context = {
        "passage": passage,
        "groups": choice.groups(passage.preview) if passage.state == PassageState.READY else [],
        "limit": refusal,
        "is_open": passage.state in hold.OPEN,
        "is_out": passage.kind in hold.OUT,
    }
    return render(request, "chat/passage.html", context, status=refusal.status if refusal else 200)
