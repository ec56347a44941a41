"""One's own order in the sidebar: favourites and sections.

*Called by*: config.urls. *Keeps true*: a section is reached through the member whose it is.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import broadcast
from chat.place_forms import FavouriteForm, MoveForm, PlacingForm, SectionForm
from chat.views.answers import done
from workspace import access, sections
from workspace.errors import Invalid, NotFound, Refused
from workspace.middleware import wants_json
from workspace.models import Member, Section


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    request.member = member  # type: ignore[attr-defined]
    form, status = SectionForm(request.POST or None), 200
    sentence = ""
    if request.method == "POST":
        try:
            made = sections.create(member, name=_name(form))
        except Refused as refusal:
            if wants_json(request):
                raise
            sentence, status = refusal.message, refusal.status
        else:
            return _done(request, member, id=made.pk)
    context = {"sections": sections.of(member), "sentence": sentence}
    return render(request, "chat/sections.html", context, status=status)


@login_required
@require_POST
def change(request: HttpRequest, section_id: int) -> HttpResponse:
    """Another name, or one place up or down."""
    member, section = _own(request, section_id)
    form = MoveForm(request.POST)
    if form.is_valid() and form.cleaned_data["by"]:
        sections.move(section, by=int(form.cleaned_data["by"]))
    else:
        sections.rename(section, name=_name(SectionForm(request.POST)))
    return _done(request, member)


@login_required
@require_POST
def delete(request: HttpRequest, section_id: int) -> HttpResponse:
    member, section = _own(request, section_id)
    sections.delete(section)
    return _done(request, member)


@login_required
@require_POST
def star(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = FavouriteForm(request.POST)
    form.is_valid()
    sections.star(seat.member, seat.space, is_favourite=form.cleaned_data["on"])
    broadcast.sidebar_changed([seat.member.pk])
    return done(request, seat.space, favourite=form.cleaned_data["on"])


@login_required
@require_POST
def place(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    form = PlacingForm(request.POST)
    if not form.is_valid():
        raise NotFound
    wanted = form.cleaned_data["section"]
    sections.place(seat.member, seat.space, sections.own(seat.member, wanted) if wanted else None)
    broadcast.sidebar_changed([seat.member.pk])
    return done(request, seat.space)


def _own(request: HttpRequest, section_id: int) -> tuple[Member, Section]:
    for member in access.memberships(request.user):
        found = member.sections.filter(pk=section_id).first()
        if found:
            return access.member(request.user, member.org.slug), found
    raise NotFound


def _name(form: SectionForm) -> str:
    if not form.is_valid():
        raise Invalid(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return form.cleaned_data["name"]


def _done(request: HttpRequest, member: Member, **fields: Any) -> HttpResponse:
    broadcast.sidebar_changed([member.pk])
    return done(request, reverse("sections", args=[member.org.slug]), **fields)
