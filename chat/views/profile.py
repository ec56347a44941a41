"""One's own profile: how one is shown in an organization, and the account's language, zone and keys.

*Called by*: config.urls. *Keeps true*: nobody changes anybody else; a refusal comes back beside the form it is about.
"""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat import profiles, studio
from chat.forms import AccountForm, IdentityForm, StatusForm
from workspace import access, languages
from workspace.errors import Invalid, Refused
from workspace.middleware import wants_json
from workspace.models import Availability, Member, User

MINE = {"name": "display_name", "handle": "handle", "title": "title"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """The page, and the part of it that is about the account."""
    user = cast(User, request.user)
    if request.method != "POST":
        return _page(request, _member(request))
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _page(request, _member(request), account=form)
    wanted = form.cleaned_data
    profiles.change_account(user, time_zone=wanted["time_zone"], sends_on_enter=wanted["sends_on_enter"])
    languages.choose(user, wanted["language"])
    messages.success(request, _("Saved."))
    response = redirect("profile")
    languages.remember(response, wanted["language"])
    return response


@login_required
@require_POST
def browser(request: HttpRequest) -> HttpResponse:
    """What a browser says of itself, when it is news."""
    profiles.note_browser(cast(User, request.user), request.POST.get("zone", "")[:64])
    return JsonResponse({}) if wants_json(request) else redirect("profile")


@login_required
@require_POST
def identity(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    form = IdentityForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(str(next(iter(form.errors.values()))[0]))
        profiles.change(member, **{MINE[name]: value for name, value in form.cleaned_data.items()})
    except Invalid as refusal:
        return _refused(request, member, "identity", refusal)
    return _done(request, member)


@login_required
@require_POST
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a picture, or with `remove` go back to initials."""
    member = access.member(request.user, slug)
    try:
        if "remove" in request.POST:
            profiles.remove_picture(member)
        elif (file := request.FILES.get("picture")) is None:
            raise Invalid(_("Pick a picture first."))
        else:
            profiles.set_picture(member, file.read(studio.BYTES_MAX + 1))
    except (Invalid, studio.Busy) as refusal:
        return _refused(request, member, "picture", refusal)
    return _done(request, member)


@login_required
@require_POST
def status(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what one is about, until when; `clear` says nothing more."""
    member = access.member(request.user, slug)
    form = StatusForm({} if "clear" in request.POST else request.POST)
    try:
        if not form.is_valid():
            raise Invalid(str(next(iter(form.errors.values()))[0]))
        wanted = form.cleaned_data
        until = profiles.end_of(wanted["until"], member)
        profiles.set_status(member, emoji=wanted["emoji"], text=wanted["text"], until=until)
    except Invalid as refusal:
        return _refused(request, member, "status", refusal)
    return _done(request, member)


@login_required
@require_POST
def availability(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    profiles.set_availability(member, request.POST.get("availability", ""))
    return _done(request, member)


def _member(request: HttpRequest) -> Member | None:
    """Whom the page is about: as ?org= says, else the first organization that is open to the person."""
    if slug := request.GET.get("org", ""):
        return access.member(request.user, slug)
    return next((each for each in access.memberships(request.user) if not each.org.is_suspended), None)


def _page(
    request: HttpRequest,
    member: Member | None,
    *,
    account: AccountForm | None = None,
    refusal: tuple[str, Refused] | None = None,
) -> HttpResponse:
    user = cast(User, request.user)
    now = {"language": user.language, "time_zone": user.time_zone, "sends_on_enter": user.sends_on_enter}
    if member is not None:
        request.member = member  # type: ignore[attr-defined]
    about, no = refusal if refusal else ("", None)
    context = {
        "layout": "app.html" if member else "entrance.html",
        "me": member,
        "account": account or AccountForm(initial=now),
        "status_form": StatusForm(initial={"emoji": "", "text": ""}),
        "presets": profiles.presets(),
        "ways": Availability.choices,
        "about": about,
        "refusal": no.message if no else "",
        "typed": request.POST if no else {},
    }
    code = no.status if no else 422 if account else 200
    return render(request, "people/profile.html", context, status=code)


def _refused(request: HttpRequest, member: Member, about: str, refusal: Refused) -> HttpResponse:
    if wants_json(request):
        raise refusal
    fresh = Member.objects.present().select_related("org", "user").get(pk=member.pk)
    return _page(request, fresh, refusal=(about, refusal))


def _done(request: HttpRequest, member: Member) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"member": profiles.as_json(member), "availability": member.availability})
    messages.success(request, _("Saved."))
    return redirect(f"{reverse('profile')}?org={member.org.slug}")
