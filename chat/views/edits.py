"""What its author, and who manages the Space, do with a message: edit it, delete it; and what it said before.

*Called by*: config.urls. *Keeps true*: each of it works as a plain page with a form; a refused edit keeps the text.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat import access, broadcast, deletions, edits, mentions, threads
from chat.forms import EditForm, ListForm
from chat.models import Message
from chat.views import messages
from workspace import spaces
from workspace.errors import Refused
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = access.message(request.user, message_id)
    form = EditForm(request.POST)
    if request.method != "POST":
        edits.require_author(sight.member, sight.message)
        return _page(request, sight, text=mentions.source(sight.message))
    try:
        if not form.is_valid():
            raise messages.form_refusal(form)
        text, seen = form.cleaned_data["text"], form.cleaned_data["revision"]
        edited = edits.edit(sight.member, sight.message, text=text, seen=seen)
    except Refused as refusal:
        if wants_json(request) or sight.message.author_id != sight.member.pk:
            raise
        return _page(request, sight, text=request.POST.get("text", ""), refusal=refusal)
    return changed(request, edited.messages, said=_unasked(edited))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = access.message(request.user, message_id)
    if request.method == "POST":
        return changed(request, deletions.delete(sight.member, sight.message))
    deletions.require_right(sight.member, sight.message)
    request.member = sight.member  # type: ignore[attr-defined]
    return render(request, "chat/message_delete.html", {"message": sight.message, "space": sight.space})


@login_required
@require_safe
def history(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """All that the message has said, for everyone who sees it."""
    sight = access.message(request.user, message_id)
    request.member = sight.member  # type: ignore[attr-defined]
    form = ListForm(request.GET)
    number = (form.cleaned_data["page"] if form.is_valid() else None) or 1
    context = {"message": sight.message, "space": sight.space, "history": edits.history(sight.message, number=number)}
    return render(request, "chat/history.html", context)


@login_required
@require_safe
def actions(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """All that one can do with a message, as a page of plain forms."""
    sight = access.message(request.user, message_id)
    request.member = sight.member  # type: ignore[attr-defined]
    is_mine = sight.message.author_id == sight.member.pk
    may_manage = spaces.may_manage(sight.member, sight.space)
    is_asker = sight.message.is_by_ai_model and sight.message.reply.asked_by_id == sight.member.pk
    context = {"message": sight.message, "space": sight.space, "is_mine": is_mine}
    return render(request, "chat/actions.html", {**context, "may_delete": is_mine or is_asker or may_manage})


def changed(request: HttpRequest, found: list[Message], *, said: str = "", status: int = 200) -> HttpResponse:
    """The answer to whatever changed messages: they themselves, or the way back to the first of them."""
    if not wants_json(request):
        return redirect(threads.place_of(found[0]))
    rows = [broadcast.as_json(message) for message in found]
    return JsonResponse({"message": rows[0], "messages": rows, "said": said}, status=status)


def _unasked(edited: edits.Edited) -> str:
    """Said quietly where an edit names a model: that is no question."""
    if not edited.unasked:
        return ""
    names = ", ".join(f"@{ai_model.handle}" for ai_model in edited.unasked)
    return _("An edit asks no model. To ask {names}, send a new message.").format(names=names)


def _page(request: HttpRequest, sight: access.Sight, *, text: str, refusal: Refused | None = None) -> HttpResponse:
    request.member = sight.member  # type: ignore[attr-defined]
    context = {"message": sight.message, "space": sight.space, "text": text}
    context["sentence"] = refusal.message if refusal else ""
    return render(request, "chat/message_edit.html", context, status=refusal.status if refusal else 200)
