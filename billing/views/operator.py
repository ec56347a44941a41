"""What Stripe told, for who runs this server: every event, what came of it, and what was refused.

*Called by*: config.urls. *Keeps true*: to everybody but operators these pages do not exist; a replay reads anew
and never grants twice.
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing import event_list, events, stripe_api, tasks
from billing.models import StripeAlarm, StripeEvent
from workspace.errors import NotFound

A_PAGE = 50
ALARMS_SHOWN = 20
STATES = {
    "": gettext_lazy("All"),
    "waiting": gettext_lazy("Waiting"),
    "failing": gettext_lazy("Failing"),
    "applied": gettext_lazy("Applied"),
}
REASONS = {
    "forged": gettext_lazy("The signature is not Stripe’s"),
    "stale": gettext_lazy("Signed more than five minutes before"),
    "future": gettext_lazy("Signed in the future"),
    "mode": gettext_lazy("Of the other mode, test or live"),
    "shape": gettext_lazy("Signed, but no event"),
    "replayed": gettext_lazy("The very same delivery came twice"),
}


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    _require_operator(request)
    state, about, kind = (request.GET.get(name, "")[:100].replace("\x00", "") for name in ("state", "org", "type"))
    page = Paginator(event_list.find(state=state, org=about, kind=kind), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "is_on": stripe_api.is_on(),
        "has_webhook": bool(settings.STRIPE_WEBHOOK_SECRET),
        "page": page,
        "rows": event_list.tell(list(page.object_list)),
        "states": STATES,
        "state": state if state in STATES else "",
        "org_asked": about,
        "type_asked": kind,
        "alarms": [(alarm, REASONS.get(alarm.reason, alarm.reason)) for alarm in _alarms()],
    }
    return render(request, "billing/operator_events.html", context)


@login_required
@require_POST
def replay(request: HttpRequest, event_id: str) -> HttpResponse:
    _require_operator(request)
    get_object_or_404(StripeEvent, pk=event_id)
    events.replay(event_id)
    tasks.wake(event_id)
    messages.success(request, _("The event is applied once more; this page shows what came of it in a moment."))
    return redirect("operator_stripe")


def _require_operator(request: HttpRequest) -> None:
    if not getattr(request.user, "is_operator", False):
        raise NotFound


def _alarms() -> list[StripeAlarm]:
    return list(StripeAlarm.objects.order_by("-at")[:ALARMS_SHOWN])
