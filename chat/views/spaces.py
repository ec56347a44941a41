"""Pages of Spaces: the list, one Space, its settings.

*Called by*: config.urls. *Keeps true*: a Space is reached through access.seat and nothing else.
"""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import browsing, drafts, feed, mentions, pins, places, profiles
from chat.commands.kinds import Said
from chat.forms import MessageForm, PlaceForm
from chat.place_forms import BrowseForm, TopicForm
from chat.views.answers import done
from workspace import access, spaces
from workspace.errors import Invalid, Refused
from workspace.forms import SpaceForm, SpaceSettingsForm
from workspace.models import SpaceRole


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """What there is to open, and the form for a new one."""
    member = access.member(request.user, slug)
    limit: Refused | None = None
    form, status = SpaceForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect(
                    places.create_space(member, name=form.cleaned_data["name"], is_private=form.cleaned_data["private"])
                )
            except Refused as refusal:
                limit, status = refusal, refusal.status
    wanted = BrowseForm(request.GET)
    found = browsing.find(member, **(wanted.cleaned_data if wanted.is_valid() else {}))
    request.member = member  # type: ignore[attr-defined]
    context = {"found": found, "wanted": wanted, "form": form, "limit": limit}
    return render(request, "chat/spaces.html", context, status=status)


@login_required
@require_safe
def show(request: HttpRequest, space_id: UUID) -> HttpResponse:
    return page(request, access.seat(request.user, space_id))


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
    entry = spaces.visit(seat.space, seat.member)
    shown = feed.latest(seat.space) if at is None else feed.around(seat.space, at)
    context = {
        "space": seat.space,
        "entry": entry,
        "may_write": seat.space.is_open and entry is not None and entry.role != SpaceRole.VIEWER,
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
    """Settings: what the Space is called and is for, who finds it, what its models are told, and its end."""
    seat = access.seat(request.user, space_id)
    spaces.require_manager(seat.member, seat.space)
    form = SpaceSettingsForm(request.POST if request.method == "POST" else None, space=seat.space)
    limit: Refused | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                places.change_space(seat.member, seat.space, **form.facts)
                return redirect(seat.space)
            except Refused as refusal:
                limit, status = refusal, refusal.status
    request.member = seat.member  # type: ignore[attr-defined]
    context = {
        "space": seat.space,
        "form": form,
        "limit": limit,
        "may_leave": spaces.may_leave(seat.member, seat.space),
    }
    return render(request, "chat/space_edit.html", context, status=status)


@login_required
@require_POST
def topic(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = TopicForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    changed = places.set_topic(seat.member, seat.space, form.cleaned_data["topic"])
    return done(request, changed, topic=changed.topic)


@login_required
@require_POST
def archive(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    return done(request, places.archive_space(seat.member, seat.space))


@login_required
@require_POST
def restore(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    return done(request, places.restore_space(seat.member, seat.space))


@login_required
@require_POST
def join(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    places.join_space(seat.member, seat.space)
    return done(request, seat.space)


@login_required
@require_POST
def leave(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    places.remove_from_space(seat.member, seat.space, seat.member)
    return done(request, reverse("spaces", args=[seat.member.org.slug]))
