"""People of an organization, and invitations.

*Called by*: config.urls. *Keeps true*: addresses and links are shown to admins only.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import places, presence, profiles, rosters
from chat.place_forms import RosterForm
from workspace import access, invitations, portraits
from workspace.forms import InvitationForm
from workspace.models import Invitation, Member, Space


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    return _page(request, member, _form(member))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link. Its page is the people's, and whoever opens the address again comes back there."""
    member = access.member(request.user, slug)
    if request.method != "POST":
        return redirect("people", slug=slug)
    access.require_admin(member)
    form = _form(member, request.POST)
    if not form.is_valid():
        return _page(request, member, form, status=422)
    wanted = form.cleaned_data
    space = access.space_of(member, wanted["space"])
    made = invitations.create(member, space, role=wanted["role"], days=wanted["days"], uses=wanted["uses"])
    return _page(request, member, _form(member), new=made, status=201)


@login_required
@require_safe
def card(request: HttpRequest, slug: str, member_id: UUID) -> HttpResponse:
    """Who somebody is, as a page or beside a Space."""
    member = access.member(request.user, slug)
    person = access.acquaintance(member, member_id)
    theirs = Space.objects.joined_by(person).of_the_plan()
    shared = Space.objects.joined_by(member).filter(pk__in=theirs, archived_at=None).order_by("name")
    request.member = member  # type: ignore[attr-defined]
    context = {
        "person": person,
        "shared": shared,
        "clock": profiles.local_time(person, seen_from=member.user) if member.user else None,
        "email": person.email if _may_write_to(member, person) else "",
    }
    return render(request, "people/card.html", context)


@login_required
@require_safe
def find(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """The card of somebody, from where only their id is known: messages are the same in every language and address."""
    person = access.portrayed(request.user, member_id)
    return redirect("person", slug=person.org.slug, member_id=person.pk)


@login_required
@require_safe
def picture(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """The picture as it is now. Its address names its version, so a browser may keep it; nothing on the way may."""
    person = access.portrayed(request.user, member_id)
    image = portraits.read(person, is_large=request.GET.get("size") == "large")
    response = HttpResponse(image, content_type="image/webp")
    if request.GET.get("v") == person.picture:
        response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@login_required
@require_safe
def presence_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is here, of those whom the member may know of. Members who are not named are not here."""
    member = access.member(request.user, slug)
    found = presence.states(member.org_id)
    if found is not None and member.is_guest:
        found = presence.only(found, {str(each) for each in access.people(member).values_list("pk", flat=True)})
    return JsonResponse({"known": found is not None, "members": found or {}})


@login_required
@require_POST
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitation, member = access.invitation(request.user, invitation_id)
    invitations.revoke(member, invitation)
    return redirect("people", slug=member.org.slug)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, member_id: UUID) -> HttpResponse:
    actor = access.member(request.user, slug)
    places.remove_from_org(actor, access.colleague(actor, member_id))
    return redirect("home" if member_id == actor.pk else reverse("people", args=[slug]))


def _may_write_to(member: Member, person: Member) -> bool:
    """Addresses are for owners and admins, and one's own for oneself."""
    return not person.has_left and (member.is_admin or person.pk == member.pk)


def _form(member: Member, data: Any = None) -> InvitationForm:
    form = InvitationForm(data)
    mine = list(Space.objects.visible_to(member).of_the_plan().order_by("name"))
    choices = [(space.pk, space.name) for space in mine]
    form.fields["space"].initial = min(mine, key=lambda space: space.created_at).pk if mine else None
    form.fields["space"].widget = forms.Select(choices=choices)
    return form


def _page(
    request: HttpRequest, member: Member, form: InvitationForm, *, new: Invitation | None = None, status: int = 200
) -> HttpResponse:
    request.member = member  # type: ignore[attr-defined]
    mine = Space.objects.visible_to(member)
    is_open = Invitation.objects.open().filter(org=member.org, space__in=mine).select_related("space", "created_by")
    context = {
        "members": rosters.of_org(member, **RosterForm(request.GET).wanted),
        "invitations": [_row(row) for row in is_open.order_by("-created_at")] if member.is_admin else [],
        "invite_form": form,
        "may_invite": member.is_admin,
        "new_invitation": _row(new) if new else None,
    }
    return render(request, "workspace/people.html", context, status=status)


def _row(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.pk,
        "url": settings.PARLEY_URL + reverse("join", args=[invitations.key(invitation)]),
        "role": invitation.get_role_display(),
        "space": invitation.space,
        "expires_at": invitation.expires_at,
        "created_by": invitation.created_by,
        "uses_left": invitation.max_uses - invitation.uses,
    }
