"""Everybody who may knock: fourteen kinds of person, and three organizations full of words that must not leak.

*Called by*: tests/test_access_matrix.py, tests/chat/test_socket_access.py. *Keeps true*: every name and text of a scope
holds that scope's own word, so that one search of an answer tells whose things are in it.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from io import BytesIO

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import Client, ClientHandler
from django.utils import timezone
from PIL import Image

from billing import caps, plans, prices
from billing.models import CapRequest, SavedView
from catalog.models import AIModel, Offer, Provider
from chat import directs, edits, feed, memory, notices, places, profiles, reminders, replies
from chat.files import intake, store
from chat.models import (
    File,
    Link,
    LinkState,
    Message,
    MessageLink,
    Note,
    Notice,
    Passage,
    PassageKind,
    PassageState,
    PushSubscription,
    Reminder,
    Reply,
)
from workspace import invitations, members, orgs, spaces
from workspace.models import Invitation, Member, Org, Role, Section, Space, SpaceMember, User

ACTORS = (
    *("anonymous", "other_org_member", "other_org_owner", "same_org_not_in_private_space", "guest_in_space", "member"),
    *("space_owner", "org_admin", "org_owner", "removed_from_space", "removed_from_org", "deactivated_account"),
    *("demoted_admin", "suspended_org_member"),
)
# The words, by what they are in: the home organization's name, its public Space, its private Space, the name and the
# address of somebody who is in the public Space only, all of the two other organizations, and a direct conversation.
HOME, PUBLIC, PRIVATE, PERSON, ADDRESS, OTHER, FROZEN, DIRECT = (
    *("kestrelhome", "kestrelpublic", "wrenprivate", "finchperson", "finchaddress", "ravenother", "larkfrozen"),
    "robindirect",
)
WORDS = {HOME, PUBLIC, PRIVATE, PERSON, ADDRESS, OTHER, FROZEN, DIRECT}
_INSIDER = {HOME, PUBLIC, PERSON}
MAY_SEE: dict[str, set[str]] = {
    "anonymous": set(),
    "other_org_member": {OTHER},
    "other_org_owner": {OTHER},
    "same_org_not_in_private_space": _INSIDER,
    "guest_in_space": {HOME, PRIVATE},
    "member": _INSIDER | {PRIVATE, DIRECT},
    "space_owner": _INSIDER | {PRIVATE, DIRECT},
    "org_admin": _INSIDER | {ADDRESS},
    "org_owner": _INSIDER | {ADDRESS},
    "removed_from_space": _INSIDER,
    "removed_from_org": set(),
    "deactivated_account": set(),
    "demoted_admin": _INSIDER,
    "suspended_org_member": {FROZEN},
}


# One for all browsers: loading the middleware reads the whole directory of static files.
_handler = ClientHandler(enforce_csrf_checks=False)


@dataclass
class Place:
    """A Space with one of everything in it."""

    space: Space
    message: Message
    queued: Reply
    stopped: Reply
    bystander: Member
    note: Note
    section: Section
    file: File
    link: Link
    reminder: Reminder
    passage: Passage
    taken: Passage
    invitation: Invitation | None = None
    view: SavedView | None = None

    @property
    def notice(self) -> Notice:
        """That of who asked, of the answer that was stopped."""
        return Notice.objects.get(message=self.stopped.message_id, kind="answer")

    @property
    def device(self) -> PushSubscription:
        """A browser of who asked."""
        asker = self.notice.member.user
        endpoint = f"https://fcm.googleapis.com/fcm/send/{self.space.pk}"
        return PushSubscription.objects.get_or_create(endpoint=endpoint, user=asker, session_key="theirs")[0]

    @property
    def cap_request(self) -> CapRequest:
        """Of the bystander, about their own limit."""
        mine = {"org": self.bystander.org, "member": self.bystander, "scope": "member", "scope_id": self.bystander.pk}
        return CapRequest.objects.get_or_create(**mine)[0]


@dataclass
class World:
    org: Org
    private: Place
    public: Place
    frozen: Place
    foreign: Place
    direct: Place
    users: dict[str, User] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def place(self, actor: str, target: str) -> Place:
        """What the actor reaches for: the suspended member has a Space of its own organization to reach for."""
        return self.frozen if actor == "suspended_org_member" else getattr(self, target)

    def client(self, actor: str) -> Client:
        """A browser that the actor is signed in with; a new one each time, with the same session."""
        browser = Client(raise_request_exception=False)
        browser.handler = _handler
        if actor in self.cookies:
            browser.cookies["parley"] = self.cookies[actor]
        return browser


def build() -> World:
    """Make everything, and sign everybody in."""
    _make_model("oracle")
    users = {actor: _user(actor) for actor in ACTORS if actor != "anonymous"}
    owner = _found(users["org_owner"], HOME)
    caps.set_default(owner, 10**12)  # so that there is something to ask for
    seats = {actor: members.admit(owner.org, users[actor], role=_role(actor)) for actor in ACTORS[3:13]}
    everybody = [seats[actor] for actor in ACTORS[3:13] if actor != "guest_in_space"]
    person = members.admit(owner.org, _user(PERSON, ADDRESS), role=Role.MEMBER)
    public = _place(owner, PUBLIC, is_private=False, people=[*everybody, person], asker=person)
    insiders = [seats[actor] for actor in ("member", "guest_in_space", "removed_from_space", "removed_from_org")]
    witness = members.admit(owner.org, _user("witness"), role=Role.MEMBER)
    private = _place(
        seats["space_owner"], PRIVATE, is_private=True, people=[*insiders, seats["deactivated_account"], witness]
    )
    direct = _direct(seats["space_owner"], [seats["member"], witness])
    foreign_owner = _found(users["other_org_owner"], OTHER)
    foreign_member = members.admit(foreign_owner.org, users["other_org_member"], role=Role.MEMBER)
    foreign = _place(foreign_owner, OTHER, is_private=False, people=[foreign_member])
    frozen_owner = _found(_user("frozen_owner"), FROZEN)
    frozen_member = members.admit(frozen_owner.org, users["suspended_org_member"], role=Role.MEMBER)
    frozen = _place(frozen_owner, FROZEN, is_private=True, people=[frozen_member])
    world = World(owner.org, private, public, frozen, foreign, direct, users)
    _sign_in(world)
    _take_away(world, owner, seats)
    view = SavedView.objects.create(org=owner.org, member=owner, name="By day", query="by=day")
    private.view = public.view = direct.view = view
    for place, maker in ((private, seats["space_owner"]), (public, owner), (foreign, foreign_owner)):
        place.invitation = _invitation(place, maker)
    frozen.invitation = _invitation(frozen, frozen_owner)
    Org.objects.filter(pk=frozen_owner.org_id).update(suspended_at=timezone.now())
    # A link that was made before somebody was removed does not let them in again.
    Member.objects.filter(pk=seats["removed_from_org"].pk).update(left_at=timezone.now())
    return world


def _make_model(handle: str) -> None:
    """A model that can be asked; nobody answers at its address, and here no worker calls it."""
    provider = Provider.objects.create(slug="nobody", name="Nobody", api_base="https://nobody.example", is_enabled=True)
    ai_model = AIModel.objects.create(key=handle, handle=handle, name=handle.title())
    usd = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1}
    prices.publish([Offer.objects.create(provider=provider, ai_model=ai_model, offer_id=handle, name=handle, **usd).pk])


def _user(name: str, address: str = "") -> User:
    email = f"{address or name}@people.example.com"
    return User.objects.create(email=email, password=_password(), name=name.replace("_", " ").title())


@cache
def _password() -> str:
    """One hash for everybody: making it is slow on purpose."""
    return make_password("correct horse battery")


def _role(actor: str) -> str:
    return {"guest_in_space": Role.GUEST, "org_admin": Role.ADMIN, "demoted_admin": Role.ADMIN}.get(actor, Role.MEMBER)


def _found(user: User, word: str) -> Member:
    owner = orgs.found(user, name=word.title())
    plans.enroll(owner.org, "business")
    return owner


def _place(owner: Member, word: str, *, is_private: bool, people: list[Member], asker: Member | None = None) -> Place:
    space = spaces.create(owner, name=f"{word.title()} Room", is_private=is_private)
    present = [member for member in people if member.pk != owner.pk]
    SpaceMember.objects.bulk_create(SpaceMember(org=owner.org, space=space, member=member) for member in present)
    return _furnish(space, word, asker=asker or people[0], bystander=present[-1])


def _direct(opener: Member, others: list[Member]) -> Place:
    """A conversation of three, which nobody else may even know of: no admin, no owner."""
    space = directs.open(opener, others)
    return _furnish(space, DIRECT, asker=others[0], bystander=others[-1])


def _furnish(space: Space, word: str, *, asker: Member, bystander: Member) -> Place:
    message, queued = feed.post(space, asker, text=f"@oracle about {word} text", client_id=uuid.uuid4())
    message = edits.edit(asker, message, text=f"@oracle about the {word} text").messages[0]
    _, second = feed.post(space, asker, text=f"@oracle more {word} text", client_id=uuid.uuid4())
    replies.stop(asker, second.reply)
    notices.note_answer(second, asker_id=asker.pk)
    Message.objects.filter(pk=second.pk).update(text=f"{word} answer", html=f"<p>{word} answer</p>")
    link = _link(message, word)
    if not bystander.picture:
        profiles.set_picture(bystander, _portrait())
    reminder = reminders.plan(asker, space, who=asker, wanted=f"in 3 days to think of {word}")
    note = memory.add(asker, space, text=f"noted {word} text")
    section = Section.objects.create(member=asker, name=f"{word} section")
    file = _file(space, bystander, word)
    passages = _passage(asker), _taken(asker, word)
    return Place(space, message, queued.reply, second.reply, bystander, note, section, file, link, reminder, *passages)


def _passage(asker: Member) -> Passage:
    """An archive that was looked into and may be brought: the admins' business."""
    channels = [{"id": "C1", "name": "general", "kind": "public", "known": True, "messages": 1}]
    row = {"kind": PassageKind.SLACK_IN, "state": PassageState.READY, "preview": {"channels": channels, "people": 1}}
    return Passage.objects.create(org_id=asker.org_id, asked_by=asker, **row)


def _taken(asker: Member, word: str) -> Passage:
    """An archive of somebody's own data: nobody else's business."""
    row = {"kind": PassageKind.MEMBER_OUT, "state": PassageState.FINISHED, "key": store.new_key(), "size_bytes": 5}
    store.put(row["key"], BytesIO(f"{word} archive".encode()))
    return Passage.objects.create(org_id=asker.org_id, asked_by=asker, **row)


def _file(space: Space, uploader: Member, word: str) -> File:
    """A text, and bytes that stand for its preview, in a message of somebody who is no actor."""
    file = intake.take(uploader, space, SimpleUploadedFile(f"{word}.txt", f"{word} file".encode()))
    file.preview_key, file.previews = store.new_key(), 1
    file.save()
    store.put(f"{file.preview_key}-1", BytesIO(f"{word} preview".encode()))
    feed.post(space, uploader, text=f"{word} upload", client_id=uuid.uuid4(), files=[file.pk])
    return file


def _link(message: Message, word: str) -> Link:
    """A page that was read, and bytes that stand for its picture."""
    key = store.new_key()
    store.put(key, BytesIO(f"{word} picture".encode()))
    told = {"url": f"https://{word}.example/", "title": f"{word} page", "state": LinkState.READ}
    link = Link.objects.create(org_id=message.org_id, **told, image_key=key, image_width=48, image_height=40)
    MessageLink.objects.create(org_id=message.org_id, message=message, link=link)
    return link


def _portrait() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    return out.getvalue()


def _invitation(place: Place, maker: Member) -> Invitation:
    return Invitation.objects.create(
        org_id=place.space.org_id,
        space=place.space,
        created_by=maker,
        max_uses=25,
        expires_at=timezone.now() + timedelta(days=1),
    )


def _sign_in(world: World) -> None:
    for actor, user in world.users.items():
        browser = Client()
        browser.force_login(user)
        world.cookies[actor] = browser.cookies["parley"].value


def _take_away(world: World, owner: Member, seats: dict[str, Member]) -> None:
    """What is lost after signing in, by the product's own verbs where it has them."""
    creator = seats["space_owner"]
    places.remove_from_space(creator, world.private.space, seats["removed_from_space"])
    places.remove_from_org(owner, seats["removed_from_org"])
    members.change_role(owner, seats["demoted_admin"], role=Role.MEMBER)
    User.objects.filter(pk=world.users["deactivated_account"].pk).update(is_active=False)


def key(place: Place) -> str:
    assert place.invitation
    return invitations.key(place.invitation)
