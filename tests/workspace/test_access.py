"""The one door: what one may not see is missing. (The whole matrix of addresses is tests/test_access_matrix.py.)"""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from workspace import access, invitations, members
from workspace.errors import Forbidden, NotFound, Suspended
from workspace.models import Org, Role


def test_a_seat_is_the_space_and_the_member_who_opens_it(juniper: SimpleNamespace) -> None:
    seat = access.seat(juniper.gus.user, str(juniper.private.pk))

    assert (seat.space, seat.member) == (juniper.private, juniper.gus)
    assert seat.space.org == juniper.org


@pytest.mark.parametrize("who", ["stranger", "nobody", "guest", "outsider", "gone"])
def test_a_space_that_is_not_for_somebody_is_missing(
    juniper: SimpleNamespace, other: SimpleNamespace, who: str
) -> None:
    members.remove(juniper.ana, juniper.ben)
    users = {
        "stranger": other.ana.user,
        "nobody": AnonymousUser(),
        "guest": juniper.gus.user,
        "outsider": juniper.mei.user,
        "gone": juniper.ben.user,
    }
    space = juniper.space if who == "guest" else juniper.private

    with pytest.raises(NotFound):
        access.seat(users[who], space.pk)


@pytest.mark.parametrize("bad", ["", "7", "not-a-uuid", "00000000-0000-4000-8000-000000000000", None, ["x"]])
def test_an_id_that_is_none_is_missing(juniper: SimpleNamespace, bad: object) -> None:
    for reach in (access.seat, access.invitation):
        with pytest.raises(NotFound):
            reach(juniper.ana.user, bad)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        access.colleague(juniper.ana, bad)  # type: ignore[arg-type]


def test_a_guest_knows_only_who_shares_a_space_with_them(juniper: SimpleNamespace) -> None:
    assert access.colleague(juniper.gus, juniper.ben.pk) == juniper.ben

    with pytest.raises(NotFound):
        access.colleague(juniper.gus, juniper.mei.pk)
    assert access.colleague(juniper.mei, juniper.gus.pk) == juniper.gus


def test_an_invitation_is_seen_by_admins_who_see_its_space(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    link = invitations.create(juniper.ana, juniper.private, role=Role.GUEST, days=1)
    members.change_role(juniper.ana, juniper.mei, role=Role.ADMIN)

    assert access.invitation(juniper.ben.user, link.pk) == (link, juniper.ben)
    for user in (juniper.mei.user, juniper.gus.user, other.ana.user):
        with pytest.raises(NotFound):
            access.invitation(user, link.pk)
    with pytest.raises(NotFound):
        access.space_of(juniper.mei, juniper.private.pk)  # what the form of an invitation asks for


def test_a_suspended_organization_says_so_to_its_own_and_nothing_to_others(
    juniper: SimpleNamespace, other: SimpleNamespace
) -> None:
    Org.objects.filter(pk=juniper.org.pk).update(suspended_at=timezone.now())

    for user in (juniper.ana.user, juniper.mei.user):
        with pytest.raises(Suspended):
            access.seat(user, juniper.space.pk)
        with pytest.raises(Suspended):
            access.member(user, "juniper")
    with pytest.raises(NotFound):
        access.seat(other.ana.user, juniper.space.pk)


def test_memberships_are_those_of_today_longest_first(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    members.admit(other.org, juniper.mei.user, role=Role.GUEST)

    assert [member.org for member in access.memberships(juniper.mei.user)] == [juniper.org, other.org]
    members.remove(juniper.ana, juniper.mei)
    assert [member.org for member in access.memberships(juniper.mei.user)] == [other.org]
    assert access.memberships(AnonymousUser()) == []


def test_only_owners_and_admins_pass_as_admins(juniper: SimpleNamespace) -> None:
    access.require_admin(juniper.ana)
    access.require_admin(juniper.ben)

    for member in (juniper.mei, juniper.gus):
        with pytest.raises(Forbidden):
            access.require_admin(member)
