"""Messages of a Space: posting, older pages, catching up, the list behind the @.

*Called by*: config.urls. *Keeps true*: a browser that asks for JSON gets JSON, a plain form gets a page; both the same
refusal, and the draft back.
"""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat import access as sights
from chat import broadcast, drafts, feed, mentions, threads
from chat.commands import obeying
from chat.commands.kinds import Said
from chat.files import intake
from chat.forms import MessageForm, PageForm
from chat.models import Message
from chat.views import commands as command_pages
from chat.views import spaces as space_pages
from workspace import access
from workspace.errors import Invalid, NotFound, Refused
from workspace.languages import fill
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, space_id: UUID) -> HttpResponse:
    try:
        seat = access.seat(request.user, space_id)
    except NotFound:
        if request.method != "POST":
            raise
        return command_pages.said_again(request)
    return _post(request, seat) if request.method == "POST" else _read(request, seat)


@login_required
@require_safe
def changes(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    found = feed.changes(seat.space, since=where(request)["since"] or 0)
    messages = [broadcast.as_json(message) for message in found.messages]
    facts = broadcast.space_facts(found.space)
    return JsonResponse({"revision": found.revision, "space": facts, "messages": messages, "reload": found.must_reload})


@login_required
@require_safe
def mentionables(request: HttpRequest, space_id: UUID) -> HttpResponse:
    seat = access.seat(request.user, space_id)
    return JsonResponse({"mentionables": mentions.suggest(seat.space, seat.member, request.GET.get("q", ""))})


@login_required
@require_safe
def show(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The message for programs; people are led to it, in the Space that shows it."""
    message, _seat = reach(request.user, message_id)
    if wants_json(request):
        row = {**broadcast.as_json(message), "source": mentions.source(message)}
        return JsonResponse({"space": message.space_id, "message": row})
    return redirect(threads.place_of(message))


def reach(user: access.Person, message_id: UUID) -> tuple[Message, access.Seat]:
    """A message, and the seat from which the person may see it. Raises NotFound."""
    sight = sights.message(user, message_id)
    return sight.message, access.Seat(sight.space, sight.member)


def composed(request: HttpRequest, form: MessageForm, seat: access.Seat) -> dict[str, Any]:
    """What every composer says, as feed.post takes it. Files are taken in by this."""
    said = form.cleaned_data
    uploads = request.FILES.getlist("file")
    return {
        "text": said["text"],
        "client_id": said["client_id"] or uuid4(),
        "has_previews": said["preview"] != "off",
        "files": intake.of_form(seat.member, seat.space, ids=said["file"], uploads=uploads),
    }


def posted(written: list[Message]) -> JsonResponse:
    messages = [message.told or broadcast.as_json(message) for message in written]
    return JsonResponse({"revision": max(message.revision for message in written), "messages": messages}, status=201)


def _post(request: HttpRequest, seat: access.Seat) -> HttpResponse:
    form = MessageForm(request.POST)
    try:
        if not form.is_valid():
            raise form_refusal(form)
        said = form.cleaned_data
        answer = obeying.obey(seat.member, seat.space, said["text"], client_id=said["client_id"])
        if isinstance(answer, Said):
            drafts.sent(seat.member, seat.space, base=said["draft"])
            return command_pages.said(request, seat, answer)
        written = feed.post(seat.space, seat.member, **composed(request, form, seat) | {"text": answer.text})
        drafts.sent(seat.member, seat.space, base=said["draft"])
    except Refused as refusal:
        if wants_json(request):
            raise
        return space_pages.page(request, seat, refusal=refusal, draft=request.POST.get("text", ""))
    if not wants_json(request):
        return redirect(seat.space)
    return posted(written)


def _read(request: HttpRequest, seat: access.Seat) -> HttpResponse:
    at = where(request)
    if at["after"] is not None:
        page = feed.after(seat.space, at["after"])
    elif at["before"] is not None:
        page = feed.before(seat.space, at["before"])
    elif at["around"] is not None:
        page = feed.around(seat.space, at["around"])
    else:
        page = feed.latest(seat.space)
    return JsonResponse({"revision": seat.space.revision, **as_page(page)})


def as_page(page: feed.Page) -> dict:
    """`more` lie beyond: older ones, but for a page after a position; `newer` only around one."""
    messages = [broadcast.as_json(message) for message in page.messages]
    return {"messages": messages, "more": page.has_more, "newer": page.has_newer}


def where(request: HttpRequest) -> dict:
    form = PageForm(request.GET)
    if not form.is_valid():
        raise Invalid(_("Positions and revisions are whole numbers."))
    return form.cleaned_data


def form_refusal(form: forms.Form) -> Invalid:
    if "ask" in form.errors:
        return Invalid(_("No model is called that."))
    if "file" in form.errors:
        return Invalid(_("The message names files by what is no id. Reload the page and send it again."))
    if "client_id" in form.errors:
        return Invalid(_("The message's client_id is not a UUID."))
    if any(error.code == "null_characters_not_allowed" for error in form.errors.as_data().get("text", [])):
        return Invalid(_("The message holds a NUL character, which cannot be stored. Remove it and send again."))
    if form.errors.keys() - {"text"}:
        return Invalid(_("Something beside the text cannot be read. Reload the page and send it again."))
    return feed.TooLong(
        fill(_("The message is too long; at most {most} characters fit in one."), {"most": feed.TEXT_MAX})
    )
