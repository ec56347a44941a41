"""Who hears what on a socket, through a real web process: the matrix's part for frames instead of addresses."""

import ast
import contextlib
import inspect
import json
import re
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from chat import broadcast, places, sockets
from tests.databases import ROOT
from tests.stack import Stack
from tests.workspace import actors
from tests.workspace.actors import ACTORS, FROZEN, OTHER, PRIVATE, PUBLIC, World
from workspace import spaces
from workspace.models import Member, Space, User

# What comes of connecting to one's organization (or, from outside, to the home one), and of subscribing to its Spaces.
CONNECTS = {
    "anonymous": 4401,
    "other_org_member": 4403,
    "other_org_owner": 4403,
    "removed_from_org": 4403,
    "deactivated_account": 4401,
    "suspended_org_member": 4403,
}
HEARS = {
    "same_org_not_in_private_space": {PUBLIC},
    "guest_in_space": {PRIVATE},
    "member": {PUBLIC, PRIVATE},
    "space_owner": {PUBLIC, PRIVATE},
    "org_admin": {PUBLIC},
    "org_owner": {PUBLIC},
    "removed_from_space": {PUBLIC},
    "demoted_admin": {PUBLIC},
}
FRAMES = {"ping", "space.subscribe", "space.unsubscribe", "presence", "typing"}


@pytest.fixture
def world(stack: Stack) -> World:
    made = actors.build()
    stack.start_web()
    return made


@pytest.fixture
def dial(stack: Stack, world: World) -> Iterator[Callable[..., ClientConnection]]:
    """Open a socket as somebody: dial("member"), or dial("member", slug="another-org")."""

    def call(actor: str, *, slug: str = "", origin: str | None = stack.url, **headers: str) -> ClientConnection:
        slug = slug or world.place(actor, "public").bystander.org.slug
        url = stack.url.replace("http", "ws", 1) + f"/orgs/{slug}/socket/"
        cookie = {"Cookie": f"parley={world.cookies[actor]}"} if actor in world.cookies else {}
        wanted = Origin(origin) if origin else None
        return opened.enter_context(
            connect(url, origin=wanted, additional_headers={**cookie, **headers}, proxy=None, close_timeout=1)
        )

    with contextlib.ExitStack() as opened:
        yield call


def say(socket: ClientConnection, frame: object) -> None:
    socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))


def hear(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(socket.recv(timeout=20))


def close_code(socket: ClientConnection) -> int:
    """The code with which the server closes, whatever it says before."""
    while True:
        try:
            socket.recv(timeout=20)
        except ConnectionClosed as closed:
            assert closed.rcvd
            return closed.rcvd.code


def subscribe(socket: ClientConnection, space: object) -> dict[str, Any]:
    say(socket, {"type": "space.subscribe", "space": space})
    return hear(socket)


def heard_until_now(socket: ClientConnection, member: Member) -> str:
    """All that comes before a mark that is sent now: frames of one publisher arrive in their order."""
    mark = uuid.uuid4().hex
    broadcast.publish([(broadcast.member_topic(member.pk), {"type": "mark"})])
    broadcast.publish([(broadcast.org_topic(member.org_id), {"type": mark})])
    frames = ""
    while mark not in frames:
        frames += str(socket.recv(timeout=20))
    return frames


def tell_everybody(world: World) -> None:
    for place, word in (
        (world.public, PUBLIC),
        (world.private, PRIVATE),
        (world.foreign, OTHER),
        (world.frozen, FROZEN),
    ):
        broadcast.publish([(broadcast.space_topic(place.space.pk), {"type": "message.changed", "word": f"<{word}>"})])
        broadcast.publish(
            [(broadcast.org_topic(place.space.org_id), {"type": "pool.changed", "word": str(place.space.org_id)})]
        )


def test_the_frames_that_a_socket_takes_are_those_of_this_test() -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(sockets.Socket.receive)))
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and "type" in ast.unparse(node.left)]

    assert {node.comparators[0].value for node in compared} == FRAMES  # type: ignore[attr-defined]


def test_the_page_about_the_socket_names_every_frame_and_every_close_code() -> None:
    page = (ROOT / "docs/socket.md").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "chat").rglob("*.py"))
    between_processes = {"kick", "recheck", "joined", "signed_out", "stop", "look"}
    told = set(re.findall(r'"type": ?"((?!websocket)[a-z_.]+)"', source)) - between_processes

    documented = re.findall(r"^\| `([a-z.]+)`", page, re.MULTILINE)
    codes = set(re.findall(r"\b(?:close|_end)\((4\d{3})\)|return (4\d{3}),", source))

    assert set(documented) == told | FRAMES
    sides = [re.findall(r"^\| `([a-z.]+)`", side, re.MULTILINE) for side in page.split("## To the browser")]
    assert all(len(side) == len(set(side)) for side in sides)
    assert {one or other for one, other in codes} | {"1009"} == set(re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE))


def test_everybody_hears_their_own_spaces_and_nobody_elses(world: World, dial: Callable[..., ClientConnection]) -> None:
    rooms = {PUBLIC: world.public, PRIVATE: world.private, OTHER: world.foreign, FROZEN: world.frozen}
    guesses = [str(uuid.uuid4()), str(world.private.message.pk), "1", "", None, ["a"], {"$gt": ""}, 7, "../" * 9]

    for actor in ACTORS:
        socket = dial(actor)
        if actor in CONNECTS:
            assert close_code(socket) == CONNECTS[actor], actor
            continue
        member = Member.objects.select_related("org").get(user=world.users[actor])
        answers = {word: subscribe(socket, str(place.space.pk)) for word, place in rooms.items()}
        nothing = [subscribe(socket, guess) for guess in guesses]
        tell_everybody(world)
        frames = heard_until_now(socket, member)

        assert {word for word, answer in answers.items() if answer["type"] == "space.subscribed"} == HEARS[actor], actor
        refused = [answer for answer in answers.values() if answer["type"] != "space.subscribed"] + nothing
        assert all(answer == nothing[0] for answer in refused), f"{actor} is told that something exists: {refused}"
        assert nothing[0]["code"] == "not_found"
        assert {word for word in rooms if f"<{word}>" in frames} == HEARS[actor], actor
        assert str(world.foreign.space.org_id) not in frames
        assert str(world.org.pk) in frames


def test_a_member_of_one_organization_cannot_listen_in_at_another(
    world: World, dial: Callable[..., ClientConnection]
) -> None:
    codes = [close_code(dial("member", slug=slug)) for slug in (world.foreign.bystander.org.slug, "no-such-org")]

    assert codes == [4403, 4403]


def test_a_socket_is_opened_only_from_our_own_origin(world: World, dial: Callable[..., ClientConnection]) -> None:
    refused = []
    for origin in ("https://evil.example", "null", None):
        with pytest.raises(InvalidStatus) as raised:
            dial("member", origin=origin)
        refused.append(raised.value.response.status_code)
    with pytest.raises(InvalidStatus) as doubled:
        dial("member", Origin="https://evil.example")  # beside the right one

    assert refused == [403, 403, 403]
    assert doubled.value.response.status_code in (400, 403)


def test_an_open_socket_loses_what_its_person_loses(world: World, dial: Callable[..., ClientConnection]) -> None:
    owner = Member.objects.get(user=world.users["org_owner"])
    creator = Member.objects.get(user=world.users["space_owner"])
    open_sockets = {actor: dial(actor) for actor in ("member", "guest_in_space", "demoted_admin", "org_admin")}
    seats = {actor: Member.objects.select_related("org").get(user=world.users[actor]) for actor in open_sockets}
    for actor, socket in open_sockets.items():
        inside = world.private if actor in ("member", "guest_in_space") else world.public
        assert subscribe(socket, str(inside.space.pk))["type"] == "space.subscribed"

    places.remove_from_space(creator, world.private.space, seats["member"])
    places.remove_from_org(owner, seats["guest_in_space"])
    User.objects.filter(pk=world.users["demoted_admin"].pk).update(is_active=False)
    Member.objects.filter(pk=seats["org_admin"].pk).update(role="guest")
    places.remove_from_space(owner, world.public.space, seats["org_admin"])
    broadcast.recheck(world.public.space.pk)
    tell_everybody(world)

    assert close_code(open_sockets["guest_in_space"]) == 4403
    assert close_code(open_sockets["demoted_admin"]) in (4401, 4403)
    for actor, word in (("member", PRIVATE), ("org_admin", PUBLIC)):
        frames = heard_until_now(open_sockets[actor], seats[actor])
        assert '"space.removed"' in frames
        assert f"<{word}>" not in frames


def test_a_new_password_closes_the_sockets_of_other_sessions(
    world: World, dial: Callable[..., ClientConnection]
) -> None:
    elsewhere = Client()
    elsewhere.force_login(world.users["member"])
    world.cookies["stolen"] = elsewhere.cookies["parley"].value
    socket = dial("stolen", slug=world.org.slug)
    assert subscribe(socket, str(world.public.space.pk))["type"] == "space.subscribed"

    words = {"oldpassword": "correct horse battery", "password1": "another horse 77", "password2": "another horse 77"}
    answer = world.client("member").post(reverse("account_change_password"), words)

    # Before it would read its rights again by itself.
    assert (answer.status_code, close_code(socket)) == (302, 4401)


def test_frames_that_are_none_are_refused_in_words_or_by_closing(
    world: World, dial: Callable[..., ClientConnection]
) -> None:
    asked = {"space": str(world.private.space.pk), "reply": str(world.private.queued.pk)}
    unknown = [{"type": name, **asked} for name in ("resume", "reply.stop", "kick", "signed_out", "subscribe")]
    closing = ["", "{", "[]", "null", "7", '"x"', '{"type":1}', '{"op":"subscribe"}', '{"type":"\\ud800"}', "[" * 9000]
    patient = dial("org_admin")

    for frame in unknown:
        say(patient, frame)
        assert hear(patient)["code"] == "unknown_frame"
    for text in [*closing, b"\x00" * 10]:
        socket = dial("org_owner")
        say(socket, text)
        assert close_code(socket) == 4400, text
    large = dial("org_owner")
    say(large, json.dumps({"type": "ping", "pad": "x" * 20_000}))
    flood = dial("org_owner")
    for _ in range(200):
        try:
            say(flood, {"type": "ping"})
        except ConnectionClosed:
            break

    assert close_code(large) == 1009
    assert close_code(flood) == 4400
    say(patient, {"type": "ping"})
    assert hear(patient) == {"type": "pong"}


def pulses_in(socket: ClientConnection, member: Member, world: World) -> set[str]:
    """The Spaces of which this socket hears that something happens."""
    now = uuid.uuid4().hex
    places_by_word = {PUBLIC: world.public, PRIVATE: world.private, OTHER: world.foreign}
    for word, place in places_by_word.items():
        frame = {"type": "space.active", "word": f"~{word}~{now}"}
        broadcast.publish([(broadcast.pulse_topic(place.space.pk), frame)])
    frames = heard_until_now(socket, member)
    assert all(frames.count(f"~{word}~{now}") <= 1 for word in places_by_word)
    return {word for word in places_by_word if f"~{word}~{now}" in frames}


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it did not come true"


def test_activity_is_told_to_those_who_joined_unless_they_hear_the_space_in_full(
    world: World, dial: Callable[..., ClientConnection]
) -> None:
    member = Member.objects.select_related("org").get(user=world.users["member"])
    outsider = Member.objects.select_related("org").get(user=world.users["same_org_not_in_private_space"])
    creator = Member.objects.get(user=world.users["space_owner"])
    mine, theirs = dial("member"), dial("same_org_not_in_private_space")
    for socket in (mine, theirs):
        say(socket, {"type": "ping"})
        assert hear(socket) == {"type": "pong"}  # what it hears is settled before it listens to us
    joined = set(Space.objects.joined_by(member).values_list("pk", flat=True))
    assert joined >= {world.private.space.pk}
    at_first = {PUBLIC, PRIVATE} if world.public.space.pk in joined else {PRIVATE}

    assert pulses_in(mine, member, world) == at_first
    assert PRIVATE not in pulses_in(theirs, outsider, world)

    say(mine, {"type": "space.subscribe", "space": str(world.private.space.pk)})
    until(lambda: PRIVATE not in pulses_in(mine, member, world))
    say(mine, {"type": "space.unsubscribe", "space": str(world.private.space.pk)})
    until(lambda: PRIVATE in pulses_in(mine, member, world))

    places.remove_from_space(creator, world.private.space, member)
    until(lambda: PRIVATE not in pulses_in(mine, member, world))
    spaces.add(creator, world.private.space, outsider)
    broadcast.sidebar_changed([outsider.pk])
    until(lambda: PRIVATE in pulses_in(theirs, outsider, world))


def test_what_is_for_one_person_reaches_each_of_their_tabs_and_nobody_else(
    world: World, dial: Callable[..., ClientConnection]
) -> None:
    member = Member.objects.select_related("org").get(user=world.users["member"])
    owner = Member.objects.select_related("org").get(user=world.users["org_owner"])
    tabs, other = [dial("member"), dial("member")], dial("org_owner")
    for socket in (*tabs, other):
        say(socket, {"type": "ping"})
        assert hear(socket) == {"type": "pong"}

    broadcast.to_member(member.pk, {"type": "unread.changed", "word": "~only me~"})

    assert all("~only me~" in heard_until_now(tab, member) for tab in tabs)
    assert "~only me~" not in heard_until_now(other, owner)
