"""Where the payment provider tells what happened: believe it or refuse it, store it, answer.

*Called by*: Stripe. *Keeps true*: without a secret there is no such address; nothing is applied here; what is refused
changes nothing and leaves an alarm, of which a flood leaves only so many.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import events, stripe_api, tasks
from billing.models import StripeAlarm
from billing.stripe_refusals import Forged
from workspace.errors import NotFound

log = logging.getLogger(__name__)

ALARMS_A_MINUTE = 20


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise NotFound
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = stripe_api.read_event(request.body, signature)
    except Forged as refusal:
        _alarm(request, refusal.message, str(refusal.details.get("event", "")))
        return JsonResponse({"error": "refused"}, status=400)
    if events.store(event, signature=signature):
        tasks.wake(event.id)
    elif events.is_copy(event, signature):
        _alarm(request, "replayed", event.id)
    return JsonResponse({"received": True})


def _alarm(request: HttpRequest, reason: str, event_id: str) -> None:
    sender = request.META.get("REMOTE_ADDR") or None
    log.warning("an event was refused: %s", reason, extra={"sender": sender, "event": event_id})
    if StripeAlarm.objects.filter(at__gte=timezone.now() - timedelta(minutes=1)).count() < ALARMS_A_MINUTE:
        StripeAlarm.objects.create(reason=reason, sender=sender, event_id=event_id[:255])
