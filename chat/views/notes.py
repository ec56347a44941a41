"""What a Space remembers: the list of its notes, adding, changing and removing one.

*Called by*: config.urls. *Keeps true*: a note is reached through the Space that it stands in.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import access as messages
from chat import memory
from chat.models import Note
from chat.place_forms import NoteForm
from chat.views.answers import done
from workspace import access, spaces
from workspace.errors import Invalid, NotFound, Refused
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    if request.method != "POST":
        return _page(request, seat)
    try:
        note = memory.add(seat.member, seat.space, text=_text(request))
    except Refused as refusal:
        if wants_json(request):
            raise
        return _page(request, seat, refusal=refusal)
    return done(request, _list(seat.space.pk), status=201, note=_json(note))


@login_required
@require_POST
def change(request: HttpRequest, note_id: UUID) -> HttpResponse:
    seat, note = _seat(request, note_id)
    return done(request, _list(note.space_id), note=_json(memory.change(seat.member, note, text=_text(request))))


@login_required
@require_POST
def remove(request: HttpRequest, note_id: UUID) -> HttpResponse:
    seat, note = _seat(request, note_id)
    memory.remove(seat.member, note)
    return done(request, _list(note.space_id))


@login_required
@require_POST
def keep(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Note what a message says."""
    sight = messages.message(request.user, message_id)
    note = memory.keep(sight.member, sight.message)
    return done(request, _list(sight.space.pk), status=201, note=_json(note))


def _seat(request: HttpRequest, note_id: UUID) -> tuple[access.Seat, Note]:
    note = Note.objects.select_related("space").filter(pk=note_id).first()
    if note is None:
        raise NotFound
    return access.seat(request.user, note.space_id), note


def _page(request: HttpRequest, seat: access.Seat, *, refusal: Refused | None = None) -> HttpResponse:
    notes = memory.listed(seat.space)
    if wants_json(request):
        return JsonResponse({"notes": [_json(note) for note in notes], "instructions": seat.space.instructions})
    request.member = seat.member  # type: ignore[attr-defined]
    context = {
        "space": seat.space,
        "notes": notes,
        "most": memory.NOTES_MAX,
        "text_max": memory.TEXT_MAX,
        "may_write": spaces.may_write(seat.member, seat.space),
        "may_manage": spaces.may_manage(seat.member, seat.space),
        "sentence": refusal.message if refusal else "",
        "draft": request.POST.get("text", "") if refusal else "",
    }
    return render(request, "chat/notes.html", context, status=refusal.status if refusal else 200)


def _text(request: HttpRequest) -> str:
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Invalid(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return form.cleaned_data["text"]


def _list(space_id: UUID) -> str:
    return reverse("notes", args=[space_id])


def _json(note: Note) -> dict[str, Any]:
    return {
        "id": note.pk,
        "text": note.text,
        "author": note.author.display_name,
        "created_at": note.created_at,
        "changed_at": note.changed_at,
    }
