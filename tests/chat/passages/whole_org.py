"""An organization with one of everything, to be taken out and brought in. *Called by*: tests of exports."""

import io
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from chat import bookmarks, deletions, directs, edits, feed, forwards, pins, profiles, reactions, reminders
from chat.files import intake, workshop
from chat.models import Draft, Message, Note, Reply, ReplyState
from workspace import members, spaces
from workspace.models import Member, Role, Space, SpaceMember, SpaceRole, User


def furnish(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> SimpleNamespace:
    """Threads, answers, edits, deletions, pins, reactions, mentions, files, notes; archived, private and direct places;
    guests and somebody who has left."""
    juniper.parrot = make_model("parrot")
    zoe = members.admit(juniper.org, User.objects.create(email="zoe@juniper.example.com", name="Zoë"), role=Role.MEMBER)
    SpaceMember.objects.create(org=juniper.org, space=juniper.space, member=zoe, role=SpaceRole.VIEWER)
    Space.objects.filter(pk=juniper.space.pk).update(
        topic="Launch", description="All that matters", instructions="Be short."
    )
    _talk(juniper)
    _files(juniper)
    _places(juniper)
    say(juniper.private, juniper.gus, "the board's guest was here")
    SpaceMember.objects.filter(space=juniper.space, member=zoe).update(role=SpaceRole.EDITOR)
    say(juniper.space, zoe, "goodbye all")
    members.remove(juniper.ana, zoe)
    juniper.zoe = Member.objects.get(pk=zoe.pk)
    return juniper


def say(space: Space, author: Member, text: str, **options: Any) -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4(), **options)[0]


def _talk(juniper: SimpleNamespace) -> None:
    space, ana, ben, mei = juniper.space, juniper.ana, juniper.ben, juniper.mei
    root = juniper.root = say(space, ana, "Launch on **Friday**, @mei? <script>alert(1)</script>")
    say(space, mei, "Yes, @space!", parent=root)
    say(space, ben, "I said no", parent=root, in_feed=True)
    answered(say(space, mei, "@parrot what is 1 + 1?"), "It is **2**, @ana.")
    gone = say(space, ben, "never mind")
    deletions.delete(ben, gone)
    wrong = say(space, mei, "tpyo for @ben")
    edits.edit(mei, wrong, text="typo for @ana", seen=None)
    pins.pin(ana, root)
    reactions.toggle(ben, root, emoji="🎉", is_on=True)
    reactions.toggle(mei, root, emoji="👍", is_on=True)
    bookmarks.add(mei, root)
    Draft.objects.create(org=juniper.org, member=mei, space=space, text="half a thought")
    reminders.plan(mei, space, who=mei, wanted="in 3 days to ask again")
    note = Note.objects.create(org=juniper.org, space=space, author=ben, text="Friday is the day", message=root)
    Note.objects.filter(pk=note.pk).update(changed_by=mei, changed_at=timezone.now())
    forwards.forward(ana, root, juniper.private, note="see", client_id=uuid.uuid4())


def answered(question: Message, text: str) -> Message:
    """The answer of the model that the question asked, as a worker would have left it."""
    reply = Reply.objects.get(question=question)
    Message.objects.filter(pk=reply.message_id).update(text=text, html=f"<p>{text}</p>\n")
    Reply.objects.filter(pk=reply.pk).update(
        state=ReplyState.FINISHED,
        started_at=reply.created_at,
        ended_at=timezone.now(),
        provider_name="Scripted",
        prompt_tokens=30,
        completion_tokens=5,
        cost_ucr=125,
    )
    return Message.objects.get(pk=reply.message_id)


def _files(juniper: SimpleNamespace) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    text = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("plan: 1.txt", b"one\ntwo\n"))
    picture = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("teal.png", out.getvalue()))
    workshop.prepare(picture.pk)
    say(juniper.space, juniper.ben, "", files=[text.pk, picture.pk])
    juniper.text_file = text
    profiles.set_picture(juniper.mei, out.getvalue())
    profiles.set_picture(juniper.ana, out.getvalue())


def _places(juniper: SimpleNamespace) -> None:
    old = spaces.create(juniper.mei, name="Old things", is_private=False)
    say(old, juniper.mei, "long ago")
    Space.objects.filter(pk=old.pk).update(archived_at=timezone.now())
    secret = juniper.secret = spaces.create(juniper.mei, name="Mei's own", is_private=True)
    say(secret, juniper.mei, "a secret of mine")
    direct = juniper.direct = directs.open(juniper.mei, [juniper.ben])
    say(direct, juniper.mei, "between us")
