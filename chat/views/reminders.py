"""Reminders: asking for one of a message, the list of those to come, cancelling. *Called by*: config.urls."""

from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import access as messages
from chat import moments, reminders
from chat.forms import ReminderForm
from workspace import access
from workspace.errors import Refused
from workspace.middleware import wants_json

# What is offered at one press; each is read like what is typed.
OFFERED = (
    ("in 20 minutes", gettext_lazy("In 20 minutes")),
    ("in 1 hour", gettext_lazy("In 1 hour")),
    ("in 3 hours", gettext_lazy("In 3 hours")),
    ("tomorrow at 9:00", gettext_lazy("Tomorrow at 9:00")),
    ("next monday at 9:00", gettext_lazy("On Monday at 9:00")),
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, message_id: UUID) -> HttpResponse:
    sight = messages.message(request.user, message_id)
    problem: Refused | None = None
    if request.method == "POST":
        try:
            return _asked(request, sight)
        except Refused as refusal:
            if wants_json(request):
                raise
            problem = refusal
    request.member = sight.member  # type: ignore[attr-defined]
    context = {
        "message": sight.message,
        "space": sight.space,
        "offered": OFFERED,
        "problem": problem,
        "coming": reminders.of_message(sight.member, sight.message),
        "zone": reminders.zone(sight.member),
    }
    return render(request, "chat/remind.html", context, status=problem.status if problem else 200)


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    request.member = member  # type: ignore[attr-defined]
    context = {"coming": reminders.coming(member), "zone": reminders.zone(member)}
    return render(request, "chat/reminders.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, reminder_id: UUID) -> HttpResponse:
    reminder, member = reminders.reach(request.user, reminder_id)
    reminders.cancel(member, reminder)
    return JsonResponse({}) if wants_json(request) else redirect("reminders", slug=member.org.slug)


def _asked(request: HttpRequest, sight: messages.Sight) -> HttpResponse:
    form = ReminderForm(request.POST)
    wanted = form.cleaned_data["when"] if form.is_valid() else ""
    due_at = moments.read(wanted, now=timezone.now(), zone=reminders.zone(sight.member))
    reminders.ask(sight.member, sight.space, who=sight.member, due_at=due_at, message=sight.message)
    if wants_json(request):
        return JsonResponse({"due_at": due_at}, status=201)
    notices.success(request, _("You will be reminded."))
    return redirect("reminders", slug=sight.member.org.slug)
