"""Reactions, and the emoji to pick from.

*Called by*: config.urls. *Keeps true*: the list of emoji is the same for everybody, so that a
browser may keep it.
"""

from hashlib import sha256
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_POST, require_safe

from chat import access, emojis, reactions
from chat.forms import ReactionForm
from chat.views import edits

KEPT_SECONDS = 7 * 24 * 3600


@login_required
@require_POST
def react(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = access.message(request.user, message_id)
    form = ReactionForm(request.POST)
    if not form.is_valid():
        raise reactions.NoEmoji
    wanted = form.cleaned_data
    return edits.changed(
        request, reactions.toggle(sight.member, sight.message, emoji=wanted["emoji"], is_on=wanted["on"])
    )


@require_safe
@gzip_page
@etag(lambda request: f'"{sha256(emojis.catalog()).hexdigest()[:16]}"')
def catalog(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(emojis.catalog(), content_type="application/json")
    answer["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    return answer
