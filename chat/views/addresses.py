"""One's own addresses: allauth's page, with one rule more.

*Called by*: config.urls. *Keeps true*: the address by which others know somebody, and to which mail goes, was shown to
be theirs before it took the place of another; allauth asks for that only of who has a confirmed one already.
"""

from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.views import email
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from workspace import members
from workspace.models import User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("email", "")
    if "action_primary" in request.POST and not members.has_shown(cast(User, request.user), wanted):
        get_adapter().add_message(request, messages.ERROR, "account/messages/unverified_primary_email.txt")
        return redirect("account_email")
    return email(request)
