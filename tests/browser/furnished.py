"""A Space with all that a feed can show: every kind of text, answer, file, and a thread.

*Called by*: test_accessible.py. *Keeps true*: written by the product's own verbs; only the ends of answers, which would
need a worker, are set in their rows.
"""

import uuid
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from billing import ledger
from billing.models import Price, StripeAlarm, StripeEvent
from chat import feed, profiles
from chat.files import intake, workshop
from chat.models import Message, Reply
from tests.workspace.actors import Place, World
from workspace import spaces
from workspace.models import Member, Space, User

TEXTS = (
    "Settled: the offsite is on **12 March**, in *Lisbon*. See https://example.com/a/very/long/address/that/goes/on/and/on/without/any/space?and=more&of=it and `code`.",
    "> Who books the trains?\n\nI do.\n\n- [x] rooms\n- [ ] trains\n  - three seats\n\n1. first\n2. second",
    "# A heading\n\n## Another\n\n| What | Days | A column that is wide | Another that is wide | Cost |\n|:--|--:|---|---|--:|\n| Rooms | 2 | Rua das Flores, on the third floor | breakfast included | 540 |",
    "```python\ndef total(rows):  # a comment\n    return sum(row.cost for row in rows if row.is_agreed and not row.is_paid and row.name != 'something long')\n```\n\n```\nno language\n```",
    "The area is $\\pi r^2$, and\n\n$$\\int_0^1 \\frac{x^2 + 1}{\\sqrt{x}}\\,dx$$",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
)


def furnish(world: World) -> None:
    """Fill the public Space of the world, and make an empty one, and somebody who is in no organization."""
    place, owner = world.public, _member(world, "org_owner")
    other = place.bystander
    for number, text in enumerate(TEXTS):
        _post(place.space, (owner, other)[number % 2], text)
    _post(place.space, other, f"@{owner.handle} have you seen this?")
    _upload(place.space, owner, "shore.png", _picture(), "Two from the shore")
    root = _post(place.space, other, "Who books the trains?")
    for writer in (owner, other, owner):
        _post(place.space, writer, "I do, **three** seats", parent=root)
    _post(place.space, other, "And the rooms too", parent=root, in_feed=True)
    profiles.set_status(other, emoji="🌴", text="Away until Monday", until=None)
    _answers(place, owner)
    _operate(world)
    spaces.create(owner, name="Empty", is_private=False)
    spaces.create(owner, name="A Space with quite a long name about the works of next year", is_private=True)


def _member(world: World, actor: str) -> Member:
    return Member.objects.select_related("org", "user").get(user=world.users[actor], left_at=None)


def _operate(world: World) -> None:
    """Somebody who runs the server, and what the payment provider has told it."""
    browser = Client()
    browser.force_login(User.objects.create(email="operator@people.example.com", password="!", is_operator=True))
    world.cookies["operator"] = browser.cookies["parley"].value
    for number, (applied_at, outcome) in enumerate(((timezone.now(), "granted"), (None, "stripe_away: no answer"))):
        StripeEvent.objects.create(
            id=f"evt_{number}",
            type="invoice.paid",
            created_at=timezone.now(),
            payload={},
            org_id=world.org.pk,
            applied_at=applied_at,
            outcome=outcome,
            tries=number,
        )
    StripeAlarm.objects.create(reason="forged", sender="203.0.113.7", event_id="evt_2")


def _post(space: Space, author: Member, text: str, **more: Any) -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4(), **more)[0]


def _upload(space: Space, author: Member, name: str, raw: bytes, text: str) -> None:
    file = intake.take(author, space, SimpleUploadedFile(name, raw))
    workshop.prepare(file.pk)
    _post(space, author, text, files=[file.pk])


def _picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (900, 600), "teal").save(out, "PNG")
    return out.getvalue()


def _pay(message: Message) -> None:
    """Close the call of an answer, so that pages of usage have something to show."""
    price = Price.objects.filter(offer__ai_model=message.ai_model).latest("version")
    attempt = ledger.Attempt(1, price.pk, "nobody", "oracle", True, "reported", "", 1234, 100, 0, 56)
    failed = ledger.Attempt(2, price.pk, "nobody", "oracle", False, "none")
    ledger.settle(message.org_id, call=message.reply.call, attempts=[attempt, failed])


def _answers(place: Place, asker: Member) -> None:
    """An answer in each state."""
    now = timezone.now()
    ended = {"ended_at": now, "provider_name": "Nobody", "prompt_tokens": 1234, "completion_tokens": 56}
    for fields in (
        {"state": "finished", "cost_ucr": 5_234, "is_estimated": True, **ended},
        {"state": "failed", "reason": "crashed", **ended},
        {"state": "refused", "reason": "no_credits", **ended},
        {"state": "stopped", "reason": "stopped", "cost_ucr": 5_234, **ended},
        {"state": "streaming", "leased_until": now + timedelta(hours=1), "provider_name": "Nobody"},
        {"state": "queued"},
    ):
        message = feed.post(place.space, asker, text="@oracle what of the sea?", client_id=uuid.uuid4())[1]
        Reply.objects.filter(message=message).update(**fields)
        if "cost_ucr" in fields:
            _pay(message)
        if fields["state"] not in ("refused", "queued"):
            Message.objects.filter(pk=message.pk).update(
                text="It is **wide**.", html="<p>It is <strong>wide</strong>.</p>"
            )
