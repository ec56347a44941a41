"""Answers: the text so far, Stop and Retry.

*Called by*: config.urls. *Keeps true*: an answer is reached through the Space that shows it.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from chat import access as doors
from chat import asking, broadcast, feed, markdown, replies
from chat.blocks import finished, utf16_len
from chat.models import Reply
from workspace.middleware import wants_json


@login_required
@require_safe
def show(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    """The text so far: finished blocks as HTML, the rest as it is."""
    reply, _ = doors.reply(request.user, reply_id)
    text = reply.message.text if reply.is_done else replies.text_so_far(reply)
    covered = len(text) if reply.is_done else finished(text)
    return JsonResponse(
        {
            "reply": reply.pk,
            "message": reply.message_id,
            "state": reply.state,
            "at": utf16_len(text),
            "covered": utf16_len(text[:covered]),
            "html": reply.message.html if reply.is_done else markdown.render(text[:covered]),
            "tail": text[covered:],
        }
    )


@login_required
@require_POST
def stop(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    reply, member = doors.reply(request.user, reply_id)
    replies.stop(member, reply)
    return _answer(request, [reply.message_id], reply, status=200)


@login_required
@require_POST
def retry(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    reply, member = doors.reply(request.user, reply_id)
    written = asking.retry(member, reply)
    return _answer(request, [written[1].pk], reply, status=201)


def _answer(request: HttpRequest, message_ids: list[UUID], reply: Reply, *, status: int) -> HttpResponse:
    if not wants_json(request):
        return redirect(reply.space)
    (message,) = feed.load(message_ids)
    return JsonResponse({"message": broadcast.as_json(message)}, status=status)
