"""Files: brought, listed, opened, previewed, discarded.

*Called by*: config.urls. *Keeps true*: each file is reached through chat.files.access, each time.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.files import access as file_access
from chat.files import attachments, excerpts, intake, listing, serving
from chat.forms import FilesForm, PreviewForm
from chat.models import File
from workspace import access
from workspace.errors import Invalid, NotFound
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def space(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    if request.method == "POST":
        return _take(request, seat)
    request.member = seat.member  # type: ignore[attr-defined]
    found = listing.of_space(seat.member, seat.space, _filters(request))
    return render(request, "chat/space_files.html", {"space": seat.space, "found": found})


@login_required
@require_safe
def org(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    request.member = member  # type: ignore[attr-defined]
    context: dict[str, object] = {"found": listing.of_org(member, _filters(request))}
    if member.is_admin:
        context |= listing.use_of(member.org)
    return render(request, "chat/org_files.html", context)


@login_required
@require_safe
def show(request: HttpRequest, file_id: UUID) -> HttpResponse:
    seen = file_access.file(request.user, file_id)
    if wants_json(request):
        return JsonResponse({"file": as_json(seen.file)})
    request.member = seen.member  # type: ignore[attr-defined]
    context: dict[str, object] = {"file": seen.file, "shown": listing.appearances(seen.member, seen.file)}
    context |= excerpts.page(seen.file)
    context["may_discard"] = attachments.may_discard(seen.member, seen.file)
    context["preview_numbers"] = range(1, seen.file.previews + 1)
    return render(request, "chat/file.html", context)


@login_required
@require_safe
def content(request: HttpRequest, file_id: UUID, name: str) -> HttpResponseBase:
    """The name in the address is for whoever reads it; the file is found by its id."""
    return serving.original(request, file_access.file(request.user, file_id).file)


@login_required
@require_safe
def preview(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    file = file_access.file(request.user, file_id).file
    form = PreviewForm(request.GET)
    if not form.is_valid() or not 1 <= (number := form.cleaned_data["page"] or 1) <= file.previews:
        raise NotFound
    return serving.preview(request, file, number)


@login_required
@require_POST
def discard(request: HttpRequest, file_id: UUID) -> HttpResponse:
    seen = file_access.file(request.user, file_id)
    attachments.discard(seen.member, seen.file)
    return JsonResponse({}) if wants_json(request) else redirect("org_files", slug=seen.member.org.slug)


def as_json(file: File) -> dict[str, object]:
    """What the tray of a composer needs to know."""
    return {
        "id": file.pk,
        "name": file.name,
        "kind": file.kind,
        "size": file.size_bytes,
        "state": file.state,
        "preview": f"/files/{file.pk}/preview" if file.previews else None,
    }


def _take(request: HttpRequest, seat: access.Seat) -> HttpResponse:
    uploads = request.FILES.getlist("file")
    if len(uploads) != 1:
        raise Invalid(_("No file came. Choose one and send it again."))
    file = intake.take(seat.member, seat.space, uploads[0])
    if not wants_json(request):
        return redirect("file", file_id=file.pk)
    return JsonResponse({"file": as_json(file)}, status=201)


def _filters(request: HttpRequest) -> listing.Filters:
    form = FilesForm(request.GET)
    if not form.is_valid():
        raise Invalid(_("These are not filters that a list of files knows."))
    wanted = form.cleaned_data
    return listing.Filters(kind=wanted["kind"], member_id=wanted["who"], before=wanted["before"])
