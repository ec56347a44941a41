"""The inbox of notices, and what one wants to be told.

*Called by*: config.urls. *Keeps true*: everybody sees and changes their own only.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.models import Notice
from chat.notices import inbox, levels
from chat.notices.forms import LevelForm, NoticeSettingsForm
from chat.views import push
from workspace import access, members
from workspace.errors import NotFound
from workspace.middleware import wants_json
from workspace.models import Member


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    kinds = request.GET.get("kinds", "")
    request.member = member  # type: ignore[attr-defined]
    page = inbox.show(member, kinds=kinds, before=request.GET.get("before", ""))
    chosen = kinds if kinds in inbox.FILTERS else ""
    return render(
        request, "notices/inbox.html", {"inbox": page, "kinds": chosen, "is_first": "before" not in request.GET}
    )


@login_required
@require_POST
def read_all(request: HttpRequest, slug: str) -> HttpResponse:
    inbox.read_all(access.member(request.user, slug))
    return JsonResponse({}) if wants_json(request) else redirect("notices", slug=slug)


@login_required
@require_safe
def show(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """One notice: for a program its words; a person is led to what it is about, and has read it."""
    member = _owner(request, notice_id)
    said = inbox.one(member, notice_id)
    if not wants_json(request):
        inbox.read(member, said.notice)
        return redirect(said.path)
    words = {"title": said.title, "excerpt": said.excerpt, "place": said.place, "path": said.path}
    return JsonResponse({**words, "by": said.by, "unread": said.is_unread, "toast": levels.may_toast(member)})


@login_required
@require_POST
def read(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    member = _owner(request, notice_id)
    said = inbox.one(member, notice_id)
    inbox.read(member, said.notice)
    return JsonResponse({}) if wants_json(request) else redirect("notices", slug=member.org.slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    now = model_to_dict(levels.settings_of(member), fields=list(NoticeSettingsForm.base_fields))
    form = NoticeSettingsForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        levels.change_settings(member, **form.cleaned_data)
        messages.success(request, _("Your settings are saved."))
        return redirect("notice_settings", slug=slug)
    request.member = member  # type: ignore[attr-defined]
    mail = members.has_shown_address(member.user) if member.user else False
    context = {"form": form, "own_levels": levels.own_levels(member), "has_address": mail}
    context |= push.panel(request, member)
    return render(request, "notices/settings.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_space(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """What this Space tells the member: the level, and whether it is muted."""
    seat = access.seat(request.user, space_id)
    row = seat.space.space_members.filter(member=seat.member).first()
    now = {"level": row.notice_level, "muted": row.is_muted} if row else {}
    form = LevelForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        levels.change(seat.member, seat.space, level=form.cleaned_data["level"], is_muted=form.cleaned_data["muted"])
        return JsonResponse({}) if wants_json(request) else redirect(seat.space)
    request.member = seat.member  # type: ignore[attr-defined]
    usual = levels.settings_of(seat.member)
    context = {"space": seat.space, "form": form, "has_joined": row is not None, "usual": usual}
    return render(request, "notices/of_space.html", context, status=422 if form.errors else 200)


def _owner(request: HttpRequest, notice_id: UUID) -> Member:
    """The member whose notice it is, if that is the person who asks."""
    notice = Notice.objects.select_related("member__org").filter(pk=notice_id).first()
    if notice is None or notice.member.user_id != request.user.pk:
        raise NotFound
    return access.member(request.user, notice.member.org.slug)
