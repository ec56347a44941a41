"""Seats: owners who are here, what becomes of a Space whose owner leaves, and coming in while somebody is removed."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from tests.meanwhile import meanwhile
from workspace import invitations, members, seats, spaces
from workspace.errors import Invalid
from workspace.models import AuditLine, Member, Role, Space, SpaceMember, SpaceRole, User


def brought(juniper: SimpleNamespace, space: Space, role: str) -> Member:
    """Somebody whose messages were imported, who has no account here, and sits there since before everybody."""
    name = members.bring(juniper.org, name="Old Olga", email="olga@elsewhere.example", title="")
    seat = SpaceMember.objects.create(org=juniper.org, space=space, member=name, role=role)
    SpaceMember.objects.filter(pk=seat.pk).update(created_at=timezone.now().replace(year=2015))
    return name


def owners(space: Space) -> set[str]:
    return set(SpaceMember.objects.filter(space=space, role=SpaceRole.OWNER).values_list("member__handle", flat=True))


def archive(space: Space) -> None:
    Space.objects.filter(pk=space.pk).update(archived_at=timezone.now())


@pytest.mark.parametrize("absent", ["imported", "switched off"])
def test_who_is_not_here_is_no_owner_that_another_could_leave_it_to(juniper: SimpleNamespace, absent: str) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)
    if absent == "imported":
        brought(juniper, space, SpaceRole.OWNER)
    else:
        SpaceMember.objects.create(org=juniper.org, space=space, member=juniper.ben, role=SpaceRole.OWNER)
        User.objects.filter(pk=juniper.ben.user_id).update(is_active=False)

    with pytest.raises(Invalid, match="needs an owner"):
        spaces.remove(juniper.mei, space, juniper.mei)
    with pytest.raises(Invalid, match="Make somebody else one first"):
        seats.set_role(juniper.mei, space, juniper.mei, SpaceRole.EDITOR)
    assert not spaces.may_leave(juniper.mei, space)

    spaces.add(juniper.mei, space, juniper.ana)
    seats.set_role(juniper.mei, space, juniper.ana, SpaceRole.OWNER)
    assert spaces.may_leave(juniper.mei, space)
    spaces.remove(juniper.mei, space, juniper.mei)


def test_who_is_not_here_is_made_no_owner(juniper: SimpleNamespace) -> None:
    name = brought(juniper, juniper.space, SpaceRole.EDITOR)

    with pytest.raises(Invalid, match="not in this organization"):
        seats.set_role(juniper.ana, juniper.space, name, SpaceRole.OWNER)
    with pytest.raises(Invalid, match="not in this organization"):
        seats.give(juniper.ana, juniper.space, name)

    assert owners(juniper.space) == {"ana"}


def test_the_heir_of_a_space_is_who_is_here_and_no_guest(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)
    brought(juniper, space, SpaceRole.OWNER)
    spaces.add(juniper.mei, space, juniper.gus)
    spaces.add(juniper.mei, space, juniper.ben)

    archived = members.remove(juniper.ana, juniper.mei)

    assert (archived, owners(space)) == ([], {"old-olga", "ben"})
    assert AuditLine.objects.get(action="space.given").details == {"member": "ben"}


def test_a_private_space_without_an_heir_is_archived_and_takes_no_place_of_the_plan(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)
    spaces.add(juniper.mei, space, juniper.gus)
    brought(juniper, space, SpaceRole.EDITOR)

    archived = members.remove(juniper.ana, juniper.mei)

    assert archived == [space] and space not in Space.objects.of_the_plan()
    line = AuditLine.objects.get(action="space.archived", subject=str(space.pk))
    assert (line.actor, line.details) == (juniper.ana, {"reason": "nobody_left"})


def test_a_public_space_without_an_heir_goes_to_the_owner_of_the_organization(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Open", is_private=False)

    archived = members.remove(juniper.ben, juniper.mei)

    assert (archived, owners(space)) == ([], {"ana"})
    assert Space.objects.of_the_plan().filter(pk=space.pk).exists()


def test_nobody_comes_into_an_archived_space(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Done", is_private=False)
    link = invitations.create(juniper.ana, space, role=Role.MEMBER, days=7)
    archive(space)

    with pytest.raises(spaces.Archived, match="Nobody is added"):
        spaces.add(juniper.ana, space, juniper.ben)
    with pytest.raises(spaces.Archived):
        spaces.join(juniper.mei, space)
    with pytest.raises(spaces.Archived):
        invitations.create(juniper.ana, space, role=Role.MEMBER, days=7)
    pat = invitations.accept(link, User.objects.create(email="pat@example.com", name="Pat"))

    assert Member.objects.present().filter(pk=pat.pk).exists()
    assert set(space.space_members.values_list("member__handle", flat=True)) == {"ana"}


def test_a_hundred_people_come_in_with_as_many_queries_as_one(
    juniper: SimpleNamespace, django_assert_num_queries: Callable[..., Any]
) -> None:
    crowd = [
        members.admit(juniper.org, User.objects.create(email=f"p{n}@example.com", name=f"P {n}"), role=Role.MEMBER)
        for n in range(30)
    ]

    with django_assert_num_queries(7):
        spaces.add(juniper.ben, juniper.space, crowd[0])
    with django_assert_num_queries(7):
        new = spaces.add(juniper.ben, juniper.space, *crowd)

    assert set(new) == set(crowd[1:])
    assert AuditLine.objects.filter(action="space.member_added", subject=str(juniper.space.pk)).count() == 30


def test_of_several_people_all_come_in_or_none(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)

    for stranger in (other.mei, brought(juniper, juniper.space, SpaceRole.EDITOR)):
        with pytest.raises(Invalid, match="not in this organization"):
            spaces.add(juniper.mei, space, juniper.ben, stranger)

    assert space.space_members.count() == 1


@pytest.mark.parametrize("way", ["added", "joins", "invited", "made owner"])
def test_who_is_removed_at_that_moment_keeps_no_seat(
    committed_db: None, make_org: Callable[..., SimpleNamespace], way: str
) -> None:
    juniper = make_org()
    space = spaces.create(juniper.ana, name="Design", is_private=False)
    link = invitations.create(juniper.ana, space, role=Role.MEMBER, days=7)
    if way == "made owner":
        spaces.add(juniper.ana, space, juniper.mei)
    ways = {
        "added": lambda: spaces.add(juniper.ana, space, juniper.mei),
        "joins": lambda: spaces.join(juniper.mei, space),
        "invited": lambda: invitations.accept(link, juniper.mei.user),
        "made owner": lambda: seats.give(juniper.ana, space, juniper.mei),
    }

    with meanwhile(ways[way]) as outcome:
        members.remove(juniper.ana, juniper.mei)

    assert outcome != ["done"] and outcome
    assert not SpaceMember.objects.filter(member=juniper.mei).exists()
    assert owners(space) == {"ana"}


def test_a_space_that_is_archived_at_that_moment_takes_nobody_in(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    space = spaces.create(juniper.ana, name="Design", is_private=False)

    with meanwhile(lambda: spaces.add(juniper.ana, space, juniper.mei)) as outcome:
        spaces.archive(juniper.ana, space)

    assert outcome == ["space_archived"]
    assert set(space.space_members.values_list("member__handle", flat=True)) == {"ana"}
