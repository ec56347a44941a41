"""Saved views of the usage page: kept, renamed, shared, deleted.

*Called by*: config.urls. *Keeps true*: only owners and admins get here; a view of somebody else is missing.
"""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat.usage import saved
from chat.views.answers import done
from chat.views.usage import admin
from workspace.errors import Refused
from workspace.middleware import wants_json
from workspace.models import Member


class ViewForm(forms.Form):
    """The verbs decide what a name may be."""

    name = forms.CharField(required=False, strip=False, max_length=1000)
    query = forms.CharField(required=False, max_length=4000)
    shared = forms.BooleanField(required=False)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = admin(request, slug)
    if request.method != "POST":
        return _page(request, member)
    given = _read(request)
    try:
        view = saved.save(member, name=given["name"], query=given["query"], is_shared=given["shared"])
    except Refused as refusal:
        return _page(request, member, refusal, given)
    messages.success(request, _("Saved as “{name}”.").format(name=view.name))
    return done(request, f"{reverse('usage', args=[slug])}?{view.query}", id=view.pk)


@login_required
@require_POST
def change(request: HttpRequest, slug: str, view_id: int) -> HttpResponse:
    member, given = admin(request, slug), _read(request)
    try:
        saved.change(member, view_id, name=given["name"], is_shared=given["shared"])
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return _page(request, member, refusal)
    return done(request, reverse("usage_views", args=[slug]))


@login_required
@require_POST
def delete(request: HttpRequest, slug: str, view_id: int) -> HttpResponse:
    saved.delete(admin(request, slug), view_id)
    return done(request, reverse("usage_views", args=[slug]))


def _read(request: HttpRequest) -> dict:
    form = ViewForm(request.POST)
    form.is_valid()
    return {"name": "", "query": "", "shared": False} | form.cleaned_data


def _page(
    request: HttpRequest,
    member: Member,
    refusal: Refused | None = None,
    given: dict | None = None,
) -> HttpResponse:
    if refusal and wants_json(request):
        raise refusal
    context = {"views": saved.seen_by(member), "sentence": refusal.message if refusal else "", "given": given}
    return render(request, "billing/usage_views.html", context, status=refusal.status if refusal else 200)
