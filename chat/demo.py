"""An example organization: three members, two Spaces, a short real conversation, and what a team leaves around it.

*Called by*: `bin/manage demo`, `bin/up --demo`. *Keeps true*: made once for a name; its passwords are derived from
this server's secret, so they are the same each time and known to nobody else; answers in it are real.
"""

import base64
import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from billing import plans
from catalog.models import AIModel
from chat import demo_shore, directs, feed, memory, pins, places, profiles, reactions
from chat.files import intake
from chat.models import Message, Reply
from chat.models.reply import OPEN_STATES
from workspace import members, names, orgs, spaces
from workspace.models import Member, Org, Role, Space, SpaceMember, User

Talk = tuple[tuple[str, str], ...]
PEOPLE = (("Ana Ruiz", Role.OWNER), ("Ben Okafor", Role.ADMIN), ("Mei Tanaka", Role.MEMBER))
TALK = (
    ("Ana Ruiz", "@{model} write two sentences about the sea."),
    ("Ana Ruiz", "Settled, we go to the sea: the offsite is on **12 March**, in Lisbon. Who books the trains?"),
    ("Ben Okafor", "I do. Three tickets, leaving at 9:40. Mei, do you need a seat with a table?"),
    ("Mei Tanaka", "Yes please, I will be finishing the slides on the way."),
)
PLANNING = (
    (
        "Ana Ruiz",
        "Only Ben and I are in here. The budget, so that we agree on one table:\n\n"
        "| What | Days | Cost |\n|:--|--:|--:|\n| Rooms | 2 | 540 |\n| Trains | 2 | 210 |\n| Dinner | 1 | 160 |",
    ),
    ("Ben Okafor", "Adds up to 910. For the record:\n\n```python\nsum([540, 210, 160])  # 910\n```"),
)
THREAD = (
    ("Mei Tanaka", "A window if there is one; I get little done in the tunnels."),
    ("Ben Okafor", "Booked: carriage 4, seats 31 to 33. Yours is **31**, with the table and the window."),
    ("Ana Ruiz", "Thank you, Ben! I bring breakfast."),
)
DIRECT = (
    ("Mei Tanaka", "The slides are nearly done. Would you look at the last three before Thursday?"),
    ("Ana Ruiz", "Gladly. Send them, and I read them on Wednesday morning."),
)
NOTES = (
    ("Ana Ruiz", "The offsite is on 12 March in Lisbon."),
    ("Ben Okafor", "Trains leave at 9:40 from platform 2; carriage 4, seats 31 to 33."),
)
TITLES = {"Ana Ruiz": "Founder", "Ben Okafor": "Operations", "Mei Tanaka": "Design"}
TIMETABLE = b"day,time,what\n12 March,09:40,train\n12 March,13:05,lunch at the harbour\n12 March,15:00,roadmap\n"
ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Demo:
    org: Org
    members: list[Member]
    spaces: list[Space]


def make(name: str) -> Demo:
    """Make the organization, or find the one made before."""
    word = names.slug(name, fallback="demo")
    owner_email = _email(PEOPLE[0][0], word)
    existing = Member.objects.filter(user__email=owner_email, role=Role.OWNER).select_related("org").first()
    if existing is None:
        _found(name, word)
        existing = Member.objects.select_related("org").get(user__email=owner_email)
        _talk(existing.org)
    people = [
        Member.objects.select_related("user").get(org=existing.org, user__email=_email(n, word)) for n, _ in PEOPLE
    ]
    made = Space.objects.filter(org=existing.org).of_the_plan()
    return Demo(existing.org, people, list(made.order_by("is_private", "created_at")))


def password(email: str) -> str:
    digest = hmac.new(settings.SECRET_KEY.encode(), f"demo:{email}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest)[:16].decode().lower()


@transaction.atomic
def _found(name: str, word: str) -> None:
    people = [User.objects.create_user(_email(n, word), password(_email(n, word)), name=n) for n, _ in PEOPLE]
    owner = orgs.found(people[0], name=name)
    plans.enroll(owner.org, "team", seats=len(PEOPLE))
    rest = [members.admit(owner.org, user, role=role) for user, (_, role) in zip(people[1:], PEOPLE[1:], strict=True)]
    general = spaces.create(owner, name=places.FIRST_SPACE, is_private=False)
    planning = spaces.create(owner, name="Offsite budget", is_private=True)
    for space, joining in ((general, rest), (planning, rest[:1])):
        for member in joining:
            SpaceMember.objects.create(org=owner.org, space=space, member=member)


def _talk(org: Org) -> None:
    general = Space.objects.get(org=org, is_private=False)
    planning = Space.objects.get(org=org, is_private=True)
    people = {member.display_name: member for member in Member.objects.filter(org=org).select_related("org", "user")}
    for name, title in TITLES.items():
        profiles.change(people[name], display_name=name, handle=people[name].handle, title=title)
    _say(planning, PLANNING, people)
    for author, text in NOTES:
        memory.add(people[author], general, text=text)
    said = _say(general, TALK, people)
    _live_in(general, said, people)
    _say(directs.open(people["Ana Ruiz"], [people["Mei Tanaka"]]), DIRECT, people)
    _wait_for_answers(org)


def _say(space: Space, talk: Talk, people: dict[str, Member], *, parent: Message | None = None) -> list[Message]:
    """Post what each says; returns their messages."""
    handle = AIModel.objects.offered().values_list("handle", flat=True).order_by("-offers__provider__is_local").first()
    said = []
    for author, text in talk:
        if handle or "{model}" not in text:
            text = text.replace("{model}", handle or "")
            said += feed.post(space, people[author], text=text, client_id=uuid.uuid4(), parent=parent)[:1]
    return said


def _live_in(general: Space, said: list[Message], people: dict[str, Member]) -> None:
    """A thread, reactions, a pin, files, a topic."""
    ana, ben, mei = (people[name] for name, _ in PEOPLE)
    settled, trains, _slides = said[-3:]
    places.set_topic(ana, general, "Offsite in Lisbon, 12 March")
    _say(general, THREAD, people, parent=trains)
    for member, message, emoji in (
        (mei, settled, "🎉"),
        (ben, settled, "🎉"),
        (ana, trains, "🙏"),
        (mei, trains, "👍"),
    ):
        reactions.toggle(member, message, emoji=emoji, is_on=True)
    pins.pin(ana, settled)
    uploads = SimpleUploadedFile("shore.png", demo_shore.png()), SimpleUploadedFile("timetable.csv", TIMETABLE)
    files = [intake.take(ben, general, upload).pk for upload in uploads]
    text = "The timetable, and what we see from the window when we arrive."
    feed.post(general, ben, text=text, client_id=uuid.uuid4(), files=files)


def _wait_for_answers(org: Org) -> None:
    """Let the answers come, so that who signs in finds a whole conversation; not for ever, when no worker runs."""
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until and Reply.objects.filter(org=org, state__in=OPEN_STATES).exists():
        time.sleep(0.3)


def _email(person: str, word: str) -> str:
    return f"{person.split()[0].lower()}@{word}.example.com"
