"""Founding, making Spaces and letting people in, within what the plan allows."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Account
from billing.refusals import PlanLimit
from chat import places
from workspace import invitations, members, spaces
from workspace.errors import Forbidden, Invalid, Refused
from workspace.models import Member, Org, Role, Space, User


@pytest.fixture
def starter(make_org: Callable[..., SimpleNamespace], db: None) -> SimpleNamespace:
    """On Starter: one Space (its two were there before the plan was counted), five members of which four are there."""
    return make_org("Small", plan="starter")


def person(name: str) -> User:
    return User.objects.create(email=f"{name.lower()}@e.test", name=name)


def test_founding_gives_a_starter_plan_and_a_first_space(db: None) -> None:
    space = places.found(person("Pat"), name="Juniper")

    owner = Member.objects.get(org=space.org)
    assert (space.name, space.is_private, owner.role) == ("General", False, Role.OWNER)
    assert Account.objects.get(org=space.org).plan_id == "starter"
    assert spaces.may_manage(owner, space)


def test_a_name_that_cannot_be_used_leaves_nothing_behind(db: None) -> None:
    with pytest.raises(Invalid):
        places.found(person("Pat"), name="\u200b")

    assert not Org.objects.exists() and not Account.objects.exists()


def test_one_space_more_than_the_plan_allows_says_which_plan_lifts_it(starter: SimpleNamespace) -> None:
    with pytest.raises(PlanLimit) as refused:
        places.create_space(starter.ana, name="Another", is_private=False)

    assert (refused.value.status, refused.value.details["lifted_by"]) == (402, "team")
    assert "Starter plan allows 1 Space. The Team plan allows more." in refused.value.message
    assert Space.objects.filter(org=starter.org).count() == 2


def test_a_page_says_the_limit_and_keeps_the_name(starter: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(starter.ana.user)

    answer = browser.post(reverse("spaces", args=["small"]), {"name": "Another room", "private": "on"})

    text = answer.content.decode()
    assert answer.status_code == 402
    assert "The Team plan allows more." in text
    assert 'value="Another room"' in text


def test_a_guest_makes_no_space_whatever_the_plan_says(juniper: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        places.create_space(juniper.gus, name="Another", is_private=False)


def test_the_fifth_member_fits_on_starter_and_the_sixth_does_not(starter: SimpleNamespace) -> None:
    link = invitations.create(starter.ana, starter.space, role=Role.MEMBER, days=7, uses=5)

    places.accept(link, person("Pat"))
    with pytest.raises(PlanLimit, match=r"allows 5 members\. The Team plan allows more"):
        places.accept(link, person("Sam"))

    assert places.accept(link, starter.mei.user) == starter.mei  # here already: takes no place
    members.remove(starter.ana, starter.ben)
    assert places.accept(link, person("Kim")).role == Role.MEMBER


def test_a_person_cannot_be_called_like_a_model(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> None:
    make_model("parrot")
    link = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7)

    assert places.accept(link, person("Parrot")).handle == "parrot-2"
    founded = places.found(User.objects.create(email="p@e.test", name="Parrot"), name="Birds")
    assert Member.objects.get(org=founded.org).handle == "parrot-2"


def together(count: int, verb: Callable[[int], object]) -> list[str]:
    """Run it in so many threads at the same moment; "done", or the code of the refusal."""
    start, outcomes = threading.Barrier(count), []

    def run(number: int) -> None:
        start.wait()
        try:
            verb(number)
            outcomes.append("done")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_two_spaces_at_the_same_moment_only_one_takes_the_last_place(committed_db: None) -> None:
    space = places.found(person("Pat"), name="Juniper")
    owner = Member.objects.get(org=space.org)
    Space.objects.filter(pk=space.pk).update(
        kind="direct", name="", direct_key="somebody", is_private=True
    )  # not counted: one place is free

    outcomes = together(4, lambda number: places.create_space(owner, name=f"Room {number}", is_private=False))

    assert outcomes == ["done", "plan_limit", "plan_limit", "plan_limit"]
    assert Space.objects.of_the_plan().count() == 1


def test_of_two_people_at_the_same_moment_only_one_takes_the_last_seat(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    starter = make_org("Small", plan="starter")
    link = invitations.create(starter.ana, starter.space, role=Role.MEMBER, days=7, uses=10)
    people = [person(name) for name in ("Pat", "Sam", "Kim")]

    outcomes = together(3, lambda number: places.accept(link, people[number]))

    assert outcomes == ["done", "plan_limit", "plan_limit"]
    assert Member.objects.present().filter(org=starter.org).count() == 5


def test_pressing_twice_founds_once(committed_db: None) -> None:
    user = person("Pat")

    outcomes = together(3, lambda _: places.found(user, name="Juniper"))

    assert outcomes == ["done"] * 3
    assert Org.objects.count() == 1


def test_a_space_that_was_archived_since_it_was_read_is_restored_within_the_plan(starter: SimpleNamespace) -> None:
    spaces.remove(starter.ana, starter.private, starter.gus)
    Space.objects.filter(pk=starter.private.pk).update(archived_at=timezone.now())
    read_before = Space.objects.get(pk=starter.space.pk)
    places.archive_space(starter.ana, read_before)
    places.create_space(starter.ana, name="Another", is_private=False)
    read_before.archived_at = None

    with pytest.raises(PlanLimit):
        places.restore_space(starter.ana, read_before)

    assert [space.name for space in Space.objects.of_the_plan()] == ["Another"]


def test_a_space_that_nobody_could_own_is_closed_to_who_is_left_in_it(
    juniper: SimpleNamespace, django_capture_on_commit_callbacks: Any
) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)
    spaces.add(juniper.mei, space, juniper.gus)

    with django_capture_on_commit_callbacks(execute=True):
        places.remove_from_org(juniper.ana, juniper.mei)

    now = Space.objects.get(pk=space.pk)
    assert now.archived_at and now.revision > space.revision
    assert not spaces.may_write(juniper.gus, now)


def test_who_follows_a_link_into_a_space_that_was_archived_since_comes_into_the_organization(
    juniper: SimpleNamespace,
) -> None:
    link = invitations.create(juniper.ana, juniper.private, role=Role.GUEST, days=7)
    Space.objects.filter(pk=juniper.private.pk).update(archived_at=timezone.now())
    pat, browser = person("Pat"), Client()
    browser.force_login(pat)

    answer = browser.post(reverse("join", args=[invitations.key(link)]))

    assert answer.status_code == 302 and answer["Location"] == reverse("spaces", args=[juniper.org.slug])
    assert Member.objects.present().filter(user=pat).exists()
