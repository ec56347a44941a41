"""Direct conversations: whom to write to, opening one, hiding one.

*Called by*: config.urls. *Keeps true*: people are reached through access; the answer is the conversation itself.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat import directs, profiles
from chat.forms import PeopleForm
from workspace import access
from workspace.errors import Invalid, Refused
from workspace.middleware import wants_json
from workspace.models import Member


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Pick people (`?q=` narrows, `?member=` are picked already), or open the conversation with those picked."""
    member = access.member(request.user, slug)
    if request.method != "POST":
        return _choice(request, member)
    form = PeopleForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(_("Pick somebody to write to."))
        picked = form.cleaned_data["member"]
        directs.require_room(len(picked | {member.pk}))
        space = directs.open(member, access.colleagues(member, picked))
    except Invalid as refusal:
        if wants_json(request):
            raise
        return _choice(request, member, form, refusal=refusal)
    if wants_json(request):
        return JsonResponse({"space": space.pk, "url": space.get_absolute_url(), "name": space.name}, status=201)
    return redirect(space)


@login_required
@require_POST
def hide(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    directs.hide(seat.member, seat.space)
    if wants_json(request):
        return JsonResponse({"space": space_id, "hidden": True})
    return redirect("org", slug=seat.member.org.slug)


def _choice(
    request: HttpRequest, member: Member, form: PeopleForm | None = None, *, refusal: Refused | None = None
) -> HttpResponse:
    query = request.GET.get("q", "")
    known = access.people(member)
    found = list(known.search(query).order_by("display_name", "pk")[: directs.SHOWN_MAX])
    if wants_json(request):
        return JsonResponse({"people": [profiles.as_json(person) for person in found]})
    form = form or PeopleForm(request.GET)
    picked = list(known.filter(pk__in=form.cleaned_data.get("member", ()))) if form.is_valid() else []
    request.member = member  # type: ignore[attr-defined]
    context = {
        "picked": picked,
        "people": [person for person in found if person not in picked],
        "refusal": refusal.message if refusal else "",
        "query": query,
    }
    return render(request, "people/directs.html", context, status=refusal.status if refusal else 200)
