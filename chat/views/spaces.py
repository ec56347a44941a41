"""Pages of Spaces: the list, one Space, its settings, its members.

*Called by*: config.urls. *Keeps true*: a Space is reached through access.seat and nothing else.
"""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import drafts, feed, mentions, pins, places, profiles
from chat.commands.kinds import Said
from chat.forms import MemberForm, MessageForm, PlaceForm
from workspace import access, spaces
from workspace.errors import Invalid, Refused
from workspace.forms import SpaceForm
from workspace.models import Member, Space, SpaceMember


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    form, limit, status = SpaceForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect(
                    places.create_space(member, name=form.cleaned_data["name"], is_private=form.cleaned_data["private"])
                )
            except Refused as refusal:
                limit, status = refusal.message, refusal.status
    joined = SpaceMember.objects.filter(space=OuterRef("pk"), member=member)
    browsable = (
        Space.objects.visible_to(member)
        .of_the_plan()
        .annotate(members_count=Count("space_members"), joined=Exists(joined))
        .order_by("name")
    )
    request.member = member  # type: ignore[attr-defined]
    return render(request, "chat/spaces.html", {"browsable": browsable, "form": form, "limit": limit}, status=status)


@login_required
@require_safe
def show(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    spaces.visit(seat.space, seat.member)
    return page(request, seat)


def page(
    request: HttpRequest,
    seat: access.Seat,
    *,
    refusal: Refused | None = None,
    draft: str = "",
    said: Said | None = None,
) -> HttpResponse:
    """The Space as a page; with a refusal, the draft is put back into the composer; with what a command said."""
    request.member = seat.member  # type: ignore[attr-defined]
    place = PlaceForm(request.GET)
    at = place.cleaned_data["at"] if place.is_valid() else None
    shown = feed.latest(seat.space) if at is None else feed.around(seat.space, at)
    context = {
        "space": seat.space,
        "messages": shown.messages,
        "has_more": shown.has_more,
        "has_newer": shown.has_newer,
        "pins_count": pins.pinned(seat.space).count(),
        "members_count": seat.space.space_members.count(),
        "may_edit": spaces.may_manage(seat.member, seat.space),
        "composer_form": MessageForm(initial={"client_id": uuid4()}),
        "ai_models": [] if shown.messages else mentions.examples(),
        "sentence": refusal.message if refusal else "",
        "draft": draft,
        "said": said,
        "saved_draft": drafts.find(seat.member, seat.space),
        **_other_side(seat),
    }
    return render(request, "chat/space.html", context, status=refusal.status if refusal else 200)


def _other_side(seat: access.Seat) -> dict:
    """Of a conversation between two: the clock where the other one is."""
    others, mine = seat.space.others, seat.member.user
    return {"clock": profiles.local_time(others[0], seen_from=mine)} if len(others) == 1 and mine else {}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    spaces.require_manager(seat.member, seat.space)
    now = {"name": seat.space.name, "private": seat.space.is_private}
    form = SpaceForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        places.change_space(seat.member, seat.space, name=wanted["name"], is_private=wanted["private"])
        return redirect(seat.space)
    request.member = seat.member  # type: ignore[attr-defined]
    status = 422 if form.errors else 200
    return render(request, "chat/space_edit.html", {"space": seat.space, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    if request.method == "POST":
        form = MemberForm(request.POST)
        if not form.is_valid():
            raise Invalid(_("Pick somebody to add."))
        spaces.require_manager(seat.member, seat.space)
        places.add_to_space(seat.member, seat.space, access.colleague(seat.member, form.cleaned_data["member"]))
        return redirect("space_members", space_id=space_id)
    request.member = seat.member  # type: ignore[attr-defined]
    here = seat.space.space_members.filter(member__left_at=None).select_related("member__user")
    addable = Member.objects.present().filter(org=seat.member.org).exclude(space_members__space=seat.space)
    may_manage = spaces.may_manage(seat.member, seat.space)
    context = {
        "space": seat.space,
        "people": here.order_by("member__display_name"),
        "addable": addable.order_by("display_name") if may_manage else [],
        "may_manage": may_manage,
        "may_leave": spaces.may_leave(seat.member, seat.space),
    }
    return render(request, "chat/space_members.html", context)


@login_required
@require_POST
def remove_member(request: HttpRequest, space_id: UUID, member_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    places.remove_from_space(seat.member, seat.space, access.colleague(seat.member, member_id))
    if member_id == seat.member.pk:
        return redirect(reverse("spaces", args=[seat.member.org.slug]))
    return redirect("space_members", space_id=space_id)
