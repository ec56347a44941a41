"""Direct conversations: one for the same people, named for who looks, closed to everybody else."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import plans
from chat import (
    bookmarks,
    directs,
    feed,
    followed,
    forwards,
    mentions,
    places,
    reminders,
    sidebar,
    threads,
    transcript,
)
from tests.chat.test_places import together
from workspace import access, invitations, spaces, titles
from workspace.errors import Forbidden, Invalid, NotFound
from workspace.models import Member, Role, Space, SpaceKind, SpaceMember, User


def say(space: Space, author: Member, text: str = "hello") -> None:
    feed.post(space, author, text=text, client_id=uuid.uuid4())


def test_every_list_names_a_direct_conversation_as_its_reader_knows_it(juniper: SimpleNamespace) -> None:
    direct = directs.open(juniper.ana, [juniper.mei])
    first, second = [feed.post(direct, juniper.mei, text=text, client_id=uuid.uuid4())[0] for text in ("one", "two")]
    for message in (first, second):
        bookmarks.add(juniper.ana, message)
        reminders.ask(juniper.ana, direct, who=juniper.ana, due_at=timezone.now() + timedelta(hours=1), message=message)
        feed.post(direct, juniper.mei, text="more", client_id=uuid.uuid4(), parent=message)
        threads.follow(message, juniper.ana, is_following=True)

    directs.open(juniper.ana, [juniper.mei, juniper.ben])

    lists = {
        "bookmarks": [row.message.space for row in bookmarks.shown(juniper.ana, bookmarks.of(juniper.ana))],
        "reminders": [row.space for row in reminders.coming(juniper.ana)],
        "threads": [row.root.space for row in followed.page(juniper.ana).rows],
        "places": [space for space in forwards.places(juniper.ana) if space.is_direct],  # one of two is a person there
    }

    assert {what: [space.name for space in spaces] for what, spaces in lists.items()} == {
        **dict.fromkeys(("bookmarks", "reminders", "threads"), ["Mei", "Mei"]),
        "places": ["Ben, Mei"],
    }


def shown_to(member: Member) -> list[Space]:
    return [seat.space for seat in sidebar.of(member).directs.seats]


def test_the_same_people_have_one_conversation_whoever_asks(juniper: SimpleNamespace) -> None:
    first = directs.open(juniper.ana, [juniper.mei])

    again = [directs.open(juniper.mei, [juniper.ana]), directs.open(juniper.ana, [juniper.mei, juniper.ana])]
    wider = directs.open(juniper.ana, [juniper.mei, juniper.ben])

    assert {space.pk for space in again} == {first.pk}
    assert wider.pk != first.pk
    assert (first.kind, first.is_private) == (SpaceKind.DIRECT, True)


def test_many_who_open_it_at_once_open_the_same(committed_db: None, make_org: Callable[..., SimpleNamespace]) -> None:
    juniper = make_org()

    outcomes = together(
        4, lambda number: directs.open(*((juniper.ana, [juniper.mei]), (juniper.mei, [juniper.ana]))[number % 2])
    )

    assert outcomes == ["done"] * 4
    assert Space.objects.filter(kind=SpaceKind.DIRECT).count() == 1
    assert SpaceMember.objects.filter(space__kind=SpaceKind.DIRECT).count() == 2


def test_each_reads_the_names_of_the_others_and_no_name_is_stored(juniper: SimpleNamespace) -> None:
    group = directs.open(juniper.ana, [juniper.ben, juniper.mei])
    notes = directs.open(juniper.ana, [])

    assert group.name == "Ben, Mei"
    assert access.space_of(juniper.mei, group.pk).name == "Ana, Ben"
    assert notes.name == "Ana (you)"
    with pytest.raises(IntegrityError), transaction.atomic():
        group.save()


def test_naming_many_asks_once(juniper: SimpleNamespace) -> None:
    for others in ([juniper.ben], [juniper.mei], [juniper.ben, juniper.mei]):
        directs.open(juniper.ana, others)
    found = list(Space.objects.joined_by(juniper.ana))

    with CaptureQueriesContext(
        connection,
    ) as asked:
        titles.name_for(juniper.ana, found)

    assert len(asked) == 1
    assert {space.name for space in found} == {"General", "Board", "Ben", "Mei", "Ben, Mei"}


def test_nine_people_fit_and_ten_do_not(juniper: SimpleNamespace) -> None:
    crowd = [
        Member.objects.create(
            org=juniper.org,
            user=User.objects.create(email=f"p{number}@juniper.example.com"),
            role=Role.MEMBER,
            display_name=f"P{number}",
            handle=f"p{number}",
        )
        for number in range(9)
    ]

    directs.open(juniper.ana, crowd[:8])
    with pytest.raises(Invalid, match="at most 9"):
        directs.open(juniper.ana, crowd)


def test_somebody_of_another_organization_cannot_be_written_to(
    juniper: SimpleNamespace, other: SimpleNamespace
) -> None:
    with pytest.raises(Invalid):
        directs.open(juniper.ana, [other.mei])
    with pytest.raises(NotFound):
        access.colleagues(juniper.ana, [other.mei.pk])


def test_it_counts_against_no_plan(make_org: Callable[..., SimpleNamespace], db: None) -> None:
    starter = make_org("Small", plan="starter")
    Space.objects.filter(pk=starter.private.pk).update(org=starter.org)
    directs.open(starter.ana, [starter.mei])
    directs.open(starter.ana, [starter.ben])

    counted = Space.objects.filter(org=starter.org).of_the_plan().count()

    assert counted == 2
    with pytest.raises(plans.PlanLimit):
        places.create_space(starter.ana, name="More", is_private=False)


def test_no_admin_sees_it(juniper: SimpleNamespace) -> None:
    space = directs.open(juniper.mei, [juniper.gus])

    for stranger in (juniper.ana, juniper.ben):
        with pytest.raises(NotFound):
            access.space_of(stranger, space.pk)
        assert space not in shown_to(stranger)


def test_it_stays_as_it_is(juniper: SimpleNamespace) -> None:
    space = directs.open(juniper.ana, [juniper.mei])
    forbidden = [
        lambda: spaces.change(juniper.ana, space, name="Ours", is_private=False),
        lambda: spaces.add(juniper.ana, space, juniper.ben),
        lambda: spaces.remove(juniper.ana, space, juniper.mei),
        lambda: spaces.remove(juniper.ana, space, juniper.ana),
        lambda: spaces.join(juniper.ben, space),
    ]

    for attempt in forbidden:
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(Invalid):
        invitations.create(juniper.ana, space, role=Role.MEMBER, days=1)
    assert not spaces.may_leave(juniper.ana, space)
    assert not spaces.may_manage(juniper.ana, space)


def test_only_those_in_it_can_be_mentioned_there_and_every_model(
    juniper: SimpleNamespace, make_model: Callable
) -> None:
    make_model("parrot")
    space = directs.open(juniper.ana, [juniper.mei])

    offered = [row["handle"] for row in mentions.suggest(space, juniper.ana, "")]
    found = mentions.find("@mei @ben @parrot", space, juniper.ana)

    assert "mei" in offered and "parrot" in offered and "ben" not in offered
    assert found.members == [juniper.mei]
    assert [ai_model.handle for ai_model in found.ai_models] == ["parrot"]


def test_a_model_is_told_that_the_conversation_is_direct(juniper: SimpleNamespace, make_model: Callable) -> None:
    make_model("parrot")
    space = directs.open(juniper.ana, [juniper.mei])
    _, answer = feed.post(space, juniper.ana, text="@parrot hello", client_id=uuid.uuid4())

    fresh = Space.objects.get(pk=space.pk)

    assert "direct conversation" in transcript._instructions(fresh, "parrot", asker="Ana")
    assert answer.reply.state == "queued"


def test_the_other_one_sees_it_once_something_is_said(juniper: SimpleNamespace) -> None:
    space = directs.open(juniper.ana, [juniper.mei])
    assert [each.pk for each in shown_to(juniper.ana)] == [space.pk]
    assert shown_to(juniper.mei) == []

    say(space, juniper.ana)

    assert [each.name for each in shown_to(juniper.mei)] == ["Ana"]


def test_one_that_is_hidden_comes_back_with_the_next_message(juniper: SimpleNamespace) -> None:
    space = directs.open(juniper.ana, [juniper.mei])
    say(space, juniper.ana)
    directs.hide(juniper.mei, space)
    assert shown_to(juniper.mei) == []

    say(space, juniper.ana, "still there?")

    assert [each.pk for each in shown_to(juniper.mei)] == [space.pk]
    with pytest.raises(Forbidden):
        directs.hide(juniper.mei, juniper.space)


def test_who_has_left_can_be_read_and_no_longer_be_reached(juniper: SimpleNamespace) -> None:
    space = directs.open(juniper.ana, [juniper.mei])
    group = directs.open(juniper.ana, [juniper.mei, juniper.ben])
    notes = directs.open(juniper.ana, [])
    say(space, juniper.mei, "before I go")
    places.remove_from_org(juniper.ana, juniper.mei)

    with pytest.raises(Forbidden, match="only be read"):
        say(space, juniper.ana)
    say(group, juniper.ana)
    say(notes, juniper.ana)

    assert access.space_of(juniper.ana, space.pk).name == "Mei"
    assert [message.text for message in feed.latest(space).messages] == ["before I go"]
    with pytest.raises(NotFound):
        access.member(juniper.mei.user, juniper.org.slug)


def test_a_guest_writes_only_to_people_they_share_a_space_with(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.gus.user)
    path, headers = f"/orgs/{juniper.org.slug}/directs/", {"Accept": "application/json"}

    shared = client.post(path, {"member": str(juniper.ben.pk)}, headers=headers)
    strange = client.post(path, {"member": [str(juniper.ben.pk), str(juniper.mei.pk)]}, headers=headers)
    offered = client.get(path, headers=headers).json()["people"]

    assert (shared.status_code, strange.status_code) == (201, 404)
    assert shared.json()["name"] == "Ben"
    assert {person["name"] for person in offered} == {"Ana", "Ben", "Gus"}


@pytest.mark.parametrize("picked", [[], ["not-an-id"], [""]])
def test_nobody_picked_is_refused_in_words(picked: list[str], juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)
    path = f"/orgs/{juniper.org.slug}/directs/"

    by_script = client.post(path, {"member": picked}, headers={"Accept": "application/json"})
    by_form = client.post(path, {"member": picked})

    assert (by_script.status_code, by_form.status_code) == (422, 422)
    assert "Pick somebody" in by_script.json()["error"]["sentence"]
    assert "Pick somebody" in by_form.content.decode()
    assert not Space.objects.filter(kind=SpaceKind.DIRECT).exists()


def test_the_page_finds_people_and_keeps_who_is_picked(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)

    page = client.get(f"/orgs/{juniper.org.slug}/directs/", {"q": "me", "member": str(juniper.ben.pk)}).content.decode()

    assert f'value="{juniper.ben.pk}" checked' in page
    assert "@mei" in page
    assert "@gus" not in page


def test_the_page_of_a_conversation_names_the_other(juniper: SimpleNamespace, client: Client) -> None:
    space = directs.open(juniper.ana, [juniper.mei])
    client.force_login(juniper.ana.user)

    page = client.get(f"/spaces/{space.pk}/").content.decode()
    people = client.get(f"/spaces/{space.pk}/members/").content.decode()

    assert "<title>Mei · Juniper · Parley</title>" in page
    assert "Start a new one with more people" in people
    assert "/remove/" not in people
