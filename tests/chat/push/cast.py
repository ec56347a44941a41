"""What the tests of push do all the time. *Called by*: tests.chat.push."""

import asyncio
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from chat.models import PushSubscription
from chat.push import devices, pusher, sealing, telling
from gateway import outbound
from tests.doubles.push_service import PushService
from workspace.models import Member

AUTH = "A" * 22


def sign_in(member: Member) -> str:
    """The key of a session that the member is signed in by."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(member.user_id)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()  # type: ignore[union-attr]
    session.create()
    return str(session.session_key)


def turn_on(member: Member, service: PushService, name: str, **fields: str) -> PushSubscription:
    """The member's browser of that name is told from now on."""
    keys = service.subscribe(name, key=sealing.public_key())
    asked = {"session_key": sign_in(member), "device": "Firefox · Linux", "language": "en", **keys, **fields}
    assert member.user
    return devices.subscribe(member.user, **asked)


def post_all() -> int:
    """What a worker does every two seconds, here and now; how many letters were posted."""
    telling.spread()
    letters = [held for due in telling.due() if (held := telling.hold(due))]

    async def post(due: telling.Due) -> outbound.Receipt | None:
        async with outbound.client(guarded=True) as http:
            return await pusher.post(due, http)

    for due in letters:
        pusher.settle(due, asyncio.run(post(due)))
    return len(letters)
