"""The devices of a person: subscribed, renewed, listed, forgotten.

*Called by*: chat.views.push, chat.sessions. *Keeps true*: an address is taken only of a push service that the operator
knows; it belongs to the person who asked last in that browser; each lives no longer than the sign-in that asked.
"""

import re
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat import tasks
from chat.models import Push, PushSubscription
from chat.push import sealing
from gateway import outbound
from workspace.errors import Invalid, NotFound
from workspace.models import User

DEVICES_MAX = 20
ENDPOINT_MAX = 1000
TESTS_MAX = 5
_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS)/"),
    ("Safari", r"\bVersion/[\d.]+.* Safari/"),
)
_SYSTEMS = (
    ("Windows", r"\bWindows\b"),
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Mac", r"\bMac(?:intosh| OS X)\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


class NotOffered(Invalid):
    code = "push_off"


@transaction.atomic
def subscribe(
    user: User, *, endpoint: str, p256dh: str, auth: str, session_key: str, device: str, language: str, renews: str = ""
) -> PushSubscription:
    """Tell this browser from now on. One that somebody else had subscribed in it is theirs no more.

    `renews`: the browser asks by itself, for the person who had subscribed it under that address. Raises Invalid; for
    a renewal of what was removed meanwhile NotFound. Beyond DEVICES_MAX, the one that was not told for longest goes.
    """
    _require_key()
    if len(endpoint) > ENDPOINT_MAX or not outbound.is_listed(endpoint, settings.PUSH_PLACES):
        raise Invalid(_("This browser’s notifications come from a service that this server does not know."))
    if not sealing.is_key(p256dh) or not sealing.is_secret(auth):
        raise Invalid(_("This browser’s keys for notifications cannot be read."))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    PushSubscription.objects.filter(endpoint=endpoint).exclude(user=user).delete()
    if renews:
        _move(user, renews, endpoint)
    fields = {"p256dh": p256dh, "auth": auth, "session_key": session_key, "device": device, "language": language}
    made, _is_new = PushSubscription.objects.update_or_create(
        endpoint=endpoint, defaults={**fields, "user": user, "failures": 0}
    )
    mine = PushSubscription.objects.filter(user=user).exclude(pk=made.pk)
    newest_first = mine.order_by(F("used_at").desc(nulls_last=True), "-created_at")
    too_many = list(newest_first.values_list("pk", flat=True)[DEVICES_MAX - 1 :])
    PushSubscription.objects.filter(pk__in=too_many).delete()
    return made


def of(user: User) -> list[PushSubscription]:
    """The person's devices, the last one first."""
    return list(PushSubscription.objects.filter(user=user).order_by("-created_at"))


def forget(user: User, endpoint: str) -> None:
    """This browser is not to be told any more; of one that is not the person's, nothing is said."""
    PushSubscription.objects.filter(user=user, endpoint=endpoint).delete()


def remove(user: User, subscription_id: uuid.UUID) -> None:
    """Raises NotFound for somebody else's."""
    gone, _rows = PushSubscription.objects.filter(user=user, pk=subscription_id).delete()
    if not gone:
        raise NotFound


def end(session_key: str) -> None:
    """The sign-in is over."""
    PushSubscription.objects.filter(session_key=session_key).delete()


@transaction.atomic
def test(user: User, subscription_id: uuid.UUID) -> None:
    """Send one notification that says it is a test. Raises NotFound, NotOffered, Invalid."""
    mine = PushSubscription.objects.select_for_update(no_key=True).filter(user=user, pk=subscription_id).first()
    if mine is None:
        raise NotFound
    if not mine.session_key:
        raise Invalid(_("Signed out there: silent until you sign in again."))
    _require_key()
    if Push.objects.filter(subscription=mine, notice=None).count() >= TESTS_MAX:
        raise Invalid(_("The tests before this one are still on their way."))
    made = Push.objects.create(subscription=mine, due_at=Now())
    transaction.on_commit(lambda: tasks.wake_pusher([made.pk]))


def _move(user: User, old: str, new: str) -> None:
    """Raises NotFound for what was removed meanwhile, and for somebody else's."""
    mine = PushSubscription.objects.filter(user=user, endpoint=old)
    if not mine.exists():
        raise NotFound
    PushSubscription.objects.filter(endpoint=new).exclude(endpoint=old).delete()
    mine.update(endpoint=new)


def _require_key() -> None:
    if not sealing.is_on():
        raise NotOffered(_("This server sends no notifications to devices."))


def name(user_agent: str) -> str:
    """What a person would call the browser: "Firefox · Linux". "" for one that nobody knows."""
    told = user_agent[:500]
    found = [next((name for name, sign in kinds if re.search(sign, told)), "") for kinds in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, found))
