"""The search: a box, its filters, and what was found, in context.

*Called by*: config.urls. *Keeps true*: whatever is typed answers with a page; only what the member may open is in it.
"""

import uuid
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat import moments
from chat.search import excerpts, query
from chat.search.find import Found, Place, find
from workspace import access
from workspace.errors import Invalid
from workspace.middleware import wants_json
from workspace.models import Member


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    asked = query.read(request.GET.get("q", ""), member, zone=_zone(member))
    found, problem = _found(member, asked, _place(request.GET.get("after", "")))
    hits = excerpts.show(found.messages, asked.terms)
    after = _as_text(found.after) if found.after else ""
    if wants_json(request):
        rows = [_as_json(hit) for hit in hits]
        return JsonResponse({"hits": rows, "after": after, "problems": [*asked.problems, *problem]})
    request.member = member  # type: ignore[attr-defined]
    context = {"asked": asked, "hits": hits, "after": after, "problems": [*asked.problems, *problem]}
    return render(request, "chat/search.html", context | {"is_first": "after" not in request.GET})


def _found(member: Member, asked: query.Query, after: Place | None) -> tuple[Found, list[str]]:
    try:
        return find(member, asked, after=after), []
    except Invalid as refusal:
        return Found([], None), [str(refusal.message)]


def _zone(member: Member) -> ZoneInfo:
    return ZoneInfo(member.user.own_zone if member.user and member.user.own_zone else "UTC")


def _place(text: str) -> Place | None:
    """Where the next page begins; what is no place is the beginning."""
    at, _, rest = text.partition("~")
    message_id, _, wide = rest.partition("~")
    moment = moments.told(at.replace(" ", "+"))
    try:
        return Place(moment, uuid.UUID(message_id), wide == "wide") if moment else None
    except ValueError:
        return None


def _as_text(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.message_id}~{'wide' if place.is_wide else ''}"


def _as_json(hit: excerpts.Hit) -> dict[str, object]:
    message = hit.message
    return {
        "id": message.pk,
        "space": {"id": message.space_id, "name": message.space.name},
        "by": message.ai_model.handle if message.ai_model else message.author.handle if message.author else "",
        "at": message.created_at,
        "excerpt": "".join(piece.text for piece in hit.pieces),
        "url": f"/messages/{message.pk}/",
    }
