"""The link in a mail: turns mails off, without signing in.

*Called by*: config.urls. *Keeps true*: only a signed link opens it; looking at it changes nothing, because programs
look at links in mails too; a mail program's own button works by one POST (RFC 8058), which carries no key of ours.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from chat.models import Digest
from chat.notices import letter, levels, mail_links
from workspace import languages


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, key: str) -> HttpResponse:
    """Off, or with `undo` on again as it was when the mail was sent."""
    member, before = mail_links.read(key)
    if request.method == "POST":
        levels.change_settings(member, digest=before if "undo" in request.POST else Digest.OFF)
        return HttpResponse(status=204) if "List-Unsubscribe" in request.POST else redirect("mail_off", key=key)
    digest = Digest(levels.settings_of(member).digest)
    with translation.override(languages.known(member.user) if member.user else None):
        context = {"off_for": member, "is_off": digest == Digest.OFF, "often": letter.often(digest)}
        return render(request, "notices/mail_off.html", context)
