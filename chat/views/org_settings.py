"""What holds for a whole organization. *Called by*: config.urls. *Keeps true*: only owners and admins change it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from workspace import access, orgs
from workspace.forms import OrgSettingsForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    access.require_admin(member)
    now = {"link_previews": member.org.has_link_previews}
    form = OrgSettingsForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        orgs.change_settings(member, has_link_previews=form.cleaned_data["link_previews"])
        messages.success(request, _("Saved."))
        return redirect("org_settings", slug=slug)
    request.member = member  # type: ignore[attr-defined]
    return render(request, "workspace/org_settings.html", {"form": form}, status=422 if form.errors else 200)
