"""Coming in: the home page, founding an organization, following an invitation.

*Called by*: config.urls. *Keeps true*: an invitation is remembered in the session over sign-up, as an id and no more.
"""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from billing import plans
from billing.models import Plan
from chat import places
from workspace import access, invitations
from workspace.errors import NotFound, Refused
from workspace.forms import OrgForm
from workspace.models import Invitation, Member, Space, User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "home.html", {"plans": Plan.objects.prefetch_related("prices")})
    if key := request.session.get("invitation"):
        return redirect("join", key=key)
    members = access.memberships(request.user)
    if not members:
        return redirect("welcome")
    return redirect(last_space(members[0]) or reverse("spaces", args=[members[0].org.slug]))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Name the organization. Somebody who has one already is sent on."""
    user = cast(User, request.user)
    if access.memberships(user):
        return redirect("home")
    form = OrgForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(places.found(user, name=form.cleaned_data["name"]))
    status = 422 if form.errors else 200
    context = {"form": form, "starter": Plan.objects.get(slug=plans.STARTER)}
    return render(request, "workspace/welcome.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, key: str) -> HttpResponse:
    try:
        invitation = invitations.read(key)
        if request.method == "POST" and request.user.is_authenticated:
            member = places.accept(invitation, request.user)
            request.session.pop("invitation", None)
            return redirect(_entered(member, invitation))
    except NotFound:
        request.session.pop("invitation", None)
        raise
    except Refused as refusal:
        request.session.pop("invitation", None)
        context = {"invitation": None, "problem": refusal.message}
        return render(request, "workspace/join.html", context, status=refusal.status)
    if request.user.is_authenticated:
        request.session.pop("invitation", None)  # asked once; who says no is not asked again at every sign-in
    else:
        request.session["invitation"] = key
    return render(request, "workspace/join.html", {"invitation": invitation, "problem": ""})


@login_required
@require_safe
def org(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    return redirect(last_space(member) or reverse("spaces", args=[slug]))


def _entered(member: Member, invitation: Invitation) -> Space | str:
    """Where an invitation leads; elsewhere when its Space was archived since, and is not the member's to see."""
    space = Space.objects.visible_to(member).filter(pk=invitation.space_id).first()
    return space or last_space(member) or reverse("spaces", args=[member.org.slug])


def last_space(member: Member) -> Space | None:
    """Where the member was last, or any Space that they have joined."""
    joined = Space.objects.joined_by(member).filter(space_members__member=member)
    return joined.order_by("-space_members__visited_at", "created_at").first()
