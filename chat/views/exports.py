"""Taking out: asking for an archive, and fetching it.

*Called by*: config.urls. *Keeps true*: an archive is reached through chat.passages.access, each time; that the
organization was taken out, and how much of it, is told to everybody in it.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.files import serving
from chat.forms import ExportForm
from chat.models import Passage, PassageKind, PassageState
from chat.passages import access as passage_access
from chat.passages import hold, leaving
from workspace import access
from workspace.errors import Invalid, NotFound, Refused
from workspace.middleware import wants_json
from workspace.models import Member, Role

SHOWN_MAX = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    if request.method != "POST":
        return _page(request, member)
    form = ExportForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(_("Choose what is to be exported."))
        return redirect("passage", passage_id=_ask(member, **form.cleaned_data).pk)
    except Refused as refusal:
        if wants_json(request):
            raise
        return _page(request, member, refusal=refusal)


@login_required
@require_safe
def archive(request: HttpRequest, passage_id: UUID) -> HttpResponseBase:
    """The bytes, to be saved. Raises NotFound for one that is not there yet, or no longer."""
    passage, _member = passage_access.passage(request.user, passage_id)
    if passage.kind not in hold.OUT or passage.state != PassageState.FINISHED or not passage.key:
        raise NotFound
    name = leaving.name_of(passage)
    return serving.give(request, serving.Given(passage.key, passage.size_bytes, "application/zip", name))


def _ask(member: Member, *, what: str, everything: bool) -> Passage:
    return leaving.ask_own(member) if what == "own" else leaving.ask_org(member, is_everything=everything)


def _page(request: HttpRequest, member: Member, *, refusal: Refused | None = None) -> HttpResponse:
    request.member = member  # type: ignore[attr-defined]
    of_org = Passage.objects.filter(org_id=member.org_id, kind=PassageKind.ORG_OUT).select_related("asked_by")
    own = Passage.objects.filter(asked_by=member, kind=PassageKind.MEMBER_OUT)
    context = {
        "of_org": of_org.order_by("-created_at")[:SHOWN_MAX],
        "own": own.order_by("-created_at")[:SHOWN_MAX],
        "is_owner": member.role == Role.OWNER,
        "limit": refusal,
    }
    return render(request, "chat/export.html", context, status=refusal.status if refusal else 200)
