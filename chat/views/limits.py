"""Limits: what is left, who asks for more, who sets them.

*Called by*: config.urls. *Keeps true*: every member sees what is left for them; only owners and admins change a limit
or answer; a form that is refused comes back with what was written in it.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import access as doors
from chat import limit_pages, limits
from chat.limit_forms import AnswerForm, AskForm, LimitForm, SeenForm
from workspace import access
from workspace.errors import Invalid, NotFound
from workspace.middleware import wants_json
from workspace.models import Member


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    if request.method != "POST":
        return _page(request, member)
    access.require_admin(member)
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _page(request, member, failed=form)
    said = form.cleaned_data
    messages.success(request, limits.change(member, said["scope"], said["subject"], said["limit"]))
    asked = {name: said[name] for name in ("q", "page") if said[name]}
    return redirect(reverse("limits", args=[slug], query=asked) if asked else reverse("limits", args=[slug]))


@login_required
@require_POST
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _refused(request, member, form, asking=True)
    if member.is_admin and not wants_json(request):
        return _own_hands(request, slug)
    said = form.cleaned_data
    limits.ask(member, said["scope"], said["space"], wanted_ucr=said["wanted"], reason=said["reason"])
    return _asked(request, slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_reply(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    """To the limit that refused an answer: a look at the page, or with one click the request for more."""
    reply, member = doors.reply(request.user, reply_id)
    if not reply.refused_by:
        raise NotFound
    if request.method == "POST" and member.is_admin and not wants_json(request):
        return _own_hands(request, member.org.slug)
    if request.method == "POST":
        limits.ask_about(member, reply)
        return _asked(request, member.org.slug)
    return redirect("limits", slug=member.org.slug)


@login_required
@require_POST
def answer(request: HttpRequest, slug: str, request_id: UUID) -> HttpResponse:
    member = access.member(request.user, slug)
    access.require_admin(member)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _refused(request, member, form, answering=request_id)
    said = form.cleaned_data
    messages.success(request, limits.answer(member, request_id, choice=said["choice"], amount_ucr=said["amount"]))
    return redirect("limits", slug=slug)


@login_required
@require_safe
def news(request: HttpRequest, slug: str) -> HttpResponse:
    """The banners above every page, by themselves."""
    request.member = access.member(request.user, slug)  # type: ignore[attr-defined]
    return render(request, "billing/news.html")


@login_required
@require_POST
def seen(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    form = SeenForm(request.POST)
    if form.is_valid():
        limits.put_away(member, form.cleaned_data["what"])
    return JsonResponse({}) if wants_json(request) else redirect("limits", slug=slug)


def _own_hands(request: HttpRequest, slug: str) -> HttpResponse:
    messages.info(request, _("You need not ask: you can change every limit here."))
    return redirect("limits", slug=slug)


def _asked(request: HttpRequest, slug: str) -> HttpResponse:
    sentence = _("Asked. Owners and admins are told, and you will be told their answer.")
    if wants_json(request):
        return JsonResponse({"messages": [], "said": sentence}, status=201)
    messages.success(request, sentence)
    return redirect("limits", slug=slug)


def _refused(request: HttpRequest, member: Member, form: Any, **about: Any) -> HttpResponse:
    if wants_json(request):
        raise Invalid(next(iter(form.errors.values()))[0])
    return _page(request, member, failed=form, **about)


def _page(request: HttpRequest, member: Member, *, failed: Any = None, **about: Any) -> HttpResponse:
    request.member = member  # type: ignore[attr-defined]
    context = {"failed": failed, **about, **limit_pages.of_viewer(member)}
    if member.is_admin:
        context |= limit_pages.of_admin(member, request.POST if failed else request.GET)
    return render(request, "billing/limits.html", context, status=422 if failed else 200)
