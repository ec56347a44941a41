"""Drafts: keeping one (an empty one is none), the list of all.

*Called by*: config.urls. *Keeps true*: nobody reads or changes a draft of somebody else.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat import drafts
from chat.forms import DraftForm
from chat.models import Draft
from chat.views.messages import form_refusal, reach
from workspace import access
from workspace.errors import Invalid
from workspace.middleware import wants_json


@login_required
@require_POST
def save(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = DraftForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("That is no id of a message.")) if "parent" in form.errors else form_refusal(form)
    said = form.cleaned_data
    parent = reach(request.user, said["parent"])[0] if said["parent"] else None
    saved = drafts.save(
        seat.member, seat.space, text=said["text"], parent=parent, base=said["base"], device=said["device"]
    )
    if not wants_json(request):
        return redirect("drafts", slug=seat.member.org.slug)
    return JsonResponse({"draft": _as_json(saved.draft), "other": _as_json(saved.other)})


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    request.member = member  # type: ignore[attr-defined]
    return render(request, "people/drafts.html", {"drafts": drafts.of(member)})


def _as_json(draft: Draft | None) -> dict[str, str] | None:
    return {"text": draft.text, "at": draft.updated_at.isoformat()} if draft else None
