"""Bookmarks of a member. *Called by*: config.urls."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat import access as messages
from chat import bookmarks, threads
from workspace import access
from workspace.middleware import wants_json


@login_required
@require_POST
def add(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    bookmarks.add(sight.member, sight.message)
    return _answer(request, sight, is_kept=True)


@login_required
@require_POST
def remove(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    bookmarks.remove(sight.member, sight.message)
    return _answer(request, sight, is_kept=False)


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The member's own; as JSON, only which messages they are."""
    member = access.member(request.user, slug)
    found = bookmarks.of(member)
    if wants_json(request):
        return JsonResponse({"messages": list(found.values_list("message_id", flat=True))})
    request.member = member  # type: ignore[attr-defined]
    return render(request, "chat/bookmarks.html", {"bookmarks": bookmarks.shown(member, found)})


def _answer(request: HttpRequest, sight: messages.Sight, *, is_kept: bool) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"id": sight.message.pk, "bookmarked": is_kept})
    if request.POST.get("back") == "bookmarks":
        return redirect("bookmarks", slug=sight.member.org.slug)
    return redirect(threads.place_of(sight.message))
