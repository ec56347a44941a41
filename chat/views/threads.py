"""Threads: reading and writing one, following it, and the list of those that one follows.

*Called by*: config.urls. *Keeps true*: a thread is reached through the Space of the message it stands under; whatever
message of it is named, it is the same thread.
"""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import broadcast, drafts, feed, followed, threads
from chat.commands import obeying
from chat.commands.kinds import Said
from chat.forms import ListForm, ReadForm, ThreadForm
from chat.models import Message
from chat.views import commands as command_pages
from chat.views.messages import as_page, composed, form_refusal, posted, reach, where
from workspace import access, spaces
from workspace.errors import Invalid, NotFound, Refused
from workspace.middleware import wants_json


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, message_id: UUID) -> HttpResponse:
    try:
        root, seat = _reach(request, message_id)
    except NotFound:
        if request.method != "POST":
            raise
        return command_pages.said_again(request)
    if request.method == "POST":
        return _post(request, root, seat)
    return _read(request, root, seat) if wants_json(request) else _page(request, root, seat)


@login_required
@require_POST
def follow(request: HttpRequest, message_id: UUID) -> HttpResponse:
    return _follow(request, message_id, is_following=True)


@login_required
@require_POST
def unfollow(request: HttpRequest, message_id: UUID) -> HttpResponse:
    return _follow(request, message_id, is_following=False)


@login_required
@require_POST
def read(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Keep up to where the member has read the thread."""
    root, seat = _reach(request, message_id)
    form = ReadForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Positions and revisions are whole numbers."))
    threads.note_read(root, seat.member, form.cleaned_data["position"])
    return JsonResponse({"position": form.cleaned_data["position"]})


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The threads that the member follows, those with something new first."""
    member = access.member(request.user, slug)
    request.member = member  # type: ignore[attr-defined]
    form = ListForm(request.GET)
    number = (form.cleaned_data["page"] if form.is_valid() else None) or 1
    return render(request, "chat/threads.html", {"page": followed.page(member, number=number)})


def _reach(request: HttpRequest, message_id: UUID) -> tuple[Message, access.Seat]:
    """The message that the thread stands under; the Space's revision is read before it."""
    message, seat = reach(request.user, message_id)
    (root,) = feed.load([message.parent_id or message.pk])
    return root, seat


def _post(request: HttpRequest, root: Message, seat: access.Seat) -> HttpResponse:
    form = ThreadForm(request.POST)
    try:
        if not form.is_valid():
            raise form_refusal(form)
        said = form.cleaned_data
        answer = obeying.obey(seat.member, seat.space, said["text"], root=root, client_id=said["client_id"])
        if isinstance(answer, Said):
            drafts.sent(seat.member, seat.space, root, base=said["draft"])
            return command_pages.said(request, seat, answer)
        where_to = {"parent": root, "in_feed": said["also_in_feed"], "ask": said["ask"], "text": answer.text}
        written = feed.post(seat.space, seat.member, **composed(request, form, seat) | where_to)
        drafts.sent(seat.member, seat.space, root, base=said["draft"])
    except Refused as refusal:
        if wants_json(request):
            raise
        return _page(request, root, seat, refusal=refusal, draft=request.POST.get("text", ""))
    return posted(written) if wants_json(request) else redirect("thread", message_id=root.pk)


def _read(request: HttpRequest, root: Message, seat: access.Seat) -> HttpResponse:
    at = where(request)
    if at["after"] is not None:
        page = threads.after(root, at["after"])
    elif at["before"] is not None:
        page = threads.before(root, at["before"])
    elif at["around"] is not None:
        page = threads.around(root, at["around"])
    else:
        page = threads.latest(root)
    answerer = threads.answerer(root)
    shown = {"handle": answerer.ai_model.handle, "price": answerer.price_text} if answerer else None
    return JsonResponse(
        {
            "revision": seat.space.revision,
            **as_page(page),
            "root": broadcast.as_json(root),
            "answerer": shown,
            "following": threads.is_following(root, seat.member),
        }
    )


def _page(
    request: HttpRequest, root: Message, seat: access.Seat, *, refusal: Refused | None = None, draft: str = ""
) -> HttpResponse:
    """The thread as a page; with a refusal, the draft is put back into the composer."""
    request.member = seat.member  # type: ignore[attr-defined]
    latest = threads.latest(root)
    if latest.messages:
        threads.note_read(root, seat.member, latest.messages[-1].position)
    context = {
        "root": root,
        "space": seat.space,
        "messages": latest.messages,
        "has_more": latest.has_more,
        "people": threads.members(root),
        "is_following": threads.is_following(root, seat.member),
        "answerer": threads.answerer(root),
        "may_edit": spaces.may_manage(seat.member, seat.space),
        "composer_form": ThreadForm(initial={"client_id": uuid4()}),
        "sentence": refusal.message if refusal else "",
        "draft": draft,
        "saved_draft": drafts.find(seat.member, seat.space, root),
    }
    return render(request, "chat/thread.html", context, status=refusal.status if refusal else 200)


def _follow(request: HttpRequest, message_id: UUID, *, is_following: bool) -> HttpResponse:
    root, seat = _reach(request, message_id)
    threads.follow(root, seat.member, is_following=is_following)
    return JsonResponse({"following": is_following}) if wants_json(request) else redirect("thread", message_id=root.pk)
