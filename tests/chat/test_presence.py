"""Who is here, and who is writing, through real web processes."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from websockets.sync.client import ClientConnection

from chat import directs, places, presence, profiles
from tests.flows.tab import Tab
from tests.stack import Stack
from workspace.models import Member, Space, SpaceMember, SpaceRole

Dial = Callable[[Member], ClientConnection]


@pytest.fixture
def juniper(stack: Stack, make_org: Callable[..., SimpleNamespace]) -> SimpleNamespace:
    stack.start_web()
    return make_org()


@pytest.fixture
def dial(stack: Stack) -> Iterator[Dial]:
    with ExitStack() as opened:
        yield lambda member: opened.enter_context(Tab(stack, member).socket(close_timeout=1))


def say(socket: ClientConnection, **frame: Any) -> None:
    socket.send(json.dumps(frame))


def hear(socket: ClientConnection, kind: str, seconds: float = 20) -> dict[str, Any]:
    """The next frame of a kind."""
    until = time.monotonic() + seconds
    while True:
        frame = json.loads(socket.recv(timeout=max(0.01, until - time.monotonic())))
        if frame["type"] == kind:
            return frame


def hear_of(socket: ClientConnection, member: Member) -> str:
    """What the next frame about a member's presence says of them."""
    while True:
        members = hear(socket, "presence.changed")["members"]
        if str(member.pk) in members:
            return str(members[str(member.pk)])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def listen(socket: ClientConnection, space: Space) -> None:
    say(socket, type="space.subscribe", space=str(space.pk))
    hear(socket, "space.subscribed")


def test_others_hear_who_comes_is_idle_and_goes(juniper: SimpleNamespace, dial: Dial) -> None:
    ben, ana = dial(juniper.ben), dial(juniper.ana)

    say(ana, type="presence", state="active")
    came = hear_of(ben, juniper.ana)
    say(ana, type="presence", state="away")
    idle = hear_of(ben, juniper.ana)
    ana.close()
    gone = hear_of(ben, juniper.ana)

    assert (came, idle, gone) == ("active", "away", "gone")


def test_a_second_tab_keeps_its_person_active(juniper: SimpleNamespace, dial: Dial) -> None:
    first, second = dial(juniper.ana), dial(juniper.ana)
    for tab in (first, second):
        say(tab, type="presence", state="active")
    until(lambda: presence.states(juniper.org.pk) == {str(juniper.ana.pk): "active"})

    say(first, type="presence", state="away")
    say(first, type="ping")
    hear(first, "pong")
    assert presence.states(juniper.org.pk) == {str(juniper.ana.pk): "active"}
    say(second, type="presence", state="away")

    until(lambda: presence.states(juniper.org.pk) == {str(juniper.ana.pk): "away"})


def test_what_one_has_chosen_goes_over_what_one_is(juniper: SimpleNamespace, dial: Dial) -> None:
    ben, ana = dial(juniper.ben), dial(juniper.ana)
    say(ana, type="presence", state="active")
    assert hear_of(ben, juniper.ana) == "active"

    profiles.set_availability(juniper.ana, "busy")
    busy = hear_of(ben, juniper.ana)
    called = presence.active_ids(juniper.org.pk, [juniper.ana.pk, juniper.ben.pk])
    profiles.set_availability(juniper.ana, "away")
    away = hear_of(ben, juniper.ana)
    profiles.set_availability(juniper.ana, "")

    assert (busy, away) == ("busy", "away")
    assert called == set()
    assert hear_of(ben, juniper.ana) == "active"
    assert presence.active_ids(juniper.org.pk, [juniper.ana.pk, juniper.ben.pk]) == {juniper.ana.pk}


def test_a_guest_hears_only_of_people_they_share_a_space_with(juniper: SimpleNamespace, dial: Dial) -> None:
    gus, mei, ben = dial(juniper.gus), dial(juniper.mei), dial(juniper.ben)
    client = Client()
    client.force_login(juniper.gus.user)
    say(mei, type="presence", state="active")
    until(lambda: str(juniper.mei.pk) in (presence.states(juniper.org.pk) or {}))
    profiles.change(juniper.mei, display_name="Mei the Unseen", handle="mei", title="")
    say(ben, type="presence", state="active")

    heard = ""
    while str(juniper.ben.pk) not in heard:
        heard += str(gus.recv(timeout=20))
    asked = client.get(f"/orgs/{juniper.org.slug}/presence/").json()

    assert str(juniper.mei.pk) not in heard and "Unseen" not in heard
    assert asked == {"known": True, "members": {str(juniper.ben.pk): "active"}}


def test_a_guest_who_loses_a_space_loses_sight_of_its_people(juniper: SimpleNamespace, dial: Dial) -> None:
    gus, ben = dial(juniper.gus), dial(juniper.ben)
    listen(gus, juniper.private)
    places.remove_from_space(juniper.ana, juniper.private, juniper.gus)
    hear(gus, "space.removed")
    directs.open(juniper.ana, [juniper.gus])
    places.remove_from_space(juniper.ana, juniper.private, juniper.gus)

    say(ben, type="presence", state="active")
    until(lambda: str(juniper.ben.pk) in (presence.states(juniper.org.pk) or {}))
    profiles.change(juniper.ana, display_name="Ana, of the conversation", handle="ana", title="")

    heard = ""
    while "of the conversation" not in heard:
        heard += str(gus.recv(timeout=20))
    assert str(juniper.ben.pk) not in heard


def test_other_organizations_hear_nothing(
    juniper: SimpleNamespace, make_org: Callable[..., SimpleNamespace], dial: Dial
) -> None:
    other = make_org("Other")
    stranger, ana, witness = dial(other.ana), dial(juniper.ana), dial(juniper.ben)
    say(ana, type="presence", state="active")
    assert hear_of(witness, juniper.ana) == "active"

    say(stranger, type="ping")

    assert hear(stranger, "pong") and presence.states(other.org.pk) == {}


@pytest.mark.parametrize("state", [None, "", "here", 7, ["active"], {"a": 1}])
def test_a_state_that_is_none_is_refused_in_words(state: object, juniper: SimpleNamespace, dial: Dial) -> None:
    ana = dial(juniper.ana)

    say(ana, type="presence", state=state)

    assert hear(ana, "refused")["code"] == "unknown_state"
    assert presence.states(juniper.org.pk) == {}


def test_writing_is_told_to_others_in_the_space(juniper: SimpleNamespace, dial: Dial) -> None:
    ana, ben = dial(juniper.ana), dial(juniper.ben)
    for tab in (ana, ben):
        listen(tab, juniper.space)

    say(ana, type="typing", space=str(juniper.space.pk))

    told = hear(ben, "typing")
    assert told == {
        "type": "typing",
        "space": str(juniper.space.pk),
        "member": str(juniper.ana.pk),
        "name": "Ana",
        "parent": None,
    }


def test_writing_is_passed_on_only_where_one_listens_and_may_write(juniper: SimpleNamespace, dial: Dial) -> None:
    SpaceMember.objects.filter(space=juniper.private, member=juniper.gus).update(role=SpaceRole.VIEWER)
    ana, ben, mei, gus = (dial(each) for each in (juniper.ana, juniper.ben, juniper.mei, juniper.gus))
    for tab in (ana, ben, gus):
        listen(tab, juniper.private)

    for space in (juniper.private.pk, "no-id", None, ["a"], juniper.space.pk):
        say(mei, type="typing", space=str(space) if space else space)
    say(gus, type="typing", space=str(juniper.private.pk))
    for tab in (mei, gus):
        say(tab, type="ping")
        hear(tab, "pong")
    say(ana, type="typing", space=str(juniper.private.pk))

    assert hear(ben, "typing")["member"] == str(juniper.ana.pk)


def test_a_flood_of_writing_is_passed_on_once(juniper: SimpleNamespace, dial: Dial) -> None:
    ana, ben = dial(juniper.ana), dial(juniper.ben)
    for tab in (ana, ben):
        listen(tab, juniper.space)

    for _ in range(10):
        say(ana, type="typing", space=str(juniper.space.pk))
    say(ana, type="ping")
    hear(ana, "pong")
    hear(ben, "typing")
    say(ben, type="ping")

    assert json.loads(ben.recv(timeout=20))["type"] == "pong"


def test_without_redis_nobody_is_known_to_be_here(juniper: SimpleNamespace, settings: Any, client: Client) -> None:
    from chat import broadcast

    client.force_login(juniper.ana.user)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    before, broadcast._redis = broadcast._redis, None
    try:
        answer = client.get(f"/orgs/{juniper.org.slug}/presence/")
        called = presence.active_ids(juniper.org.pk, [juniper.ana.pk])
    finally:
        broadcast._redis, broadcast._quiet_until = before, 0.0

    assert answer.json() == {"known": False, "members": {}}
    assert called == {juniper.ana.pk}
