"""Who is in a Space: the list, adding several, roles, giving it to another, taking out.

*Called by*: config.urls. *Keeps true*: people are reached through access.colleague: whom one may not see is missing.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat import places, rosters
from chat.forms import MemberForm
from chat.place_forms import RoleForm, RosterForm
from chat.views.answers import done
from workspace import access, spaces
from workspace.errors import Invalid
from workspace.models import SpaceRole

AT_ONCE = 100


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    if request.method == "POST":
        return _add(request, seat)
    request.member = seat.member  # type: ignore[attr-defined]
    form = RosterForm(request.GET)
    may_manage = spaces.may_manage(seat.member, seat.space)
    context = {
        "space": seat.space,
        "people": rosters.of_space(seat.space, **form.wanted),
        "addable": rosters.addable(seat.member, seat.space, query=form.adding) if may_manage else None,
        "may_manage": may_manage,
        "may_leave": spaces.may_leave(seat.member, seat.space),
        "roles": SpaceRole.choices,
    }
    return render(request, "chat/space_members.html", context)


@login_required
@require_POST
def remove(request: HttpRequest, space_id: UUID, member_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    places.remove_from_space(seat.member, seat.space, access.colleague(seat.member, member_id))
    if member_id == seat.member.pk:
        return redirect(reverse("spaces", args=[seat.member.org.slug]))
    return redirect("space_members", space_id=space_id)


@login_required
@require_POST
def role(request: HttpRequest, space_id: UUID, member_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Pick a role."))
    spaces.require_manager(seat.member, seat.space)
    places.set_role(seat.member, seat.space, access.colleague(seat.member, member_id), form.cleaned_data["role"])
    return done(request, reverse("space_members", args=[space_id]))


@login_required
@require_POST
def give(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Make another member its owner instead of oneself."""
    seat = access.seat(request.user, space_id)
    form = MemberForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Pick somebody."))
    spaces.require_manager(seat.member, seat.space)
    places.give_space(seat.member, seat.space, access.colleague(seat.member, form.cleaned_data["member"]))
    return done(request, reverse("space_members", args=[space_id]))


def _add(request: HttpRequest, seat: access.Seat) -> HttpResponse:
    wanted = set(request.POST.getlist("member"))
    if not wanted:
        raise Invalid(_("Pick somebody to add."))
    if len(wanted) > AT_ONCE:
        raise Invalid(_("At most {most} people can be added at once.").format(most=AT_ONCE))
    spaces.require_manager(seat.member, seat.space)
    places.add_to_space(seat.member, seat.space, access.colleagues(seat.member, wanted))
    return done(request, reverse("space_members", args=[seat.space.pk]))
