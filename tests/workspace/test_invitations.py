"""Invitations by link."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core import signing
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from chat import places
from workspace import invitations, spaces
from workspace.errors import Forbidden, Invalid, NotFound, Refused
from workspace.models import AuditLine, Invitation, Member, Org, Role, SpaceMember, User


def person(name: str = "Pat") -> User:
    return User.objects.create(email=f"{name.lower()}@example.com", name=name)


@pytest.fixture
def link(juniper: SimpleNamespace) -> Invitation:
    return invitations.create(juniper.ben, juniper.space, role=Role.MEMBER, days=7, uses=2)


def test_a_link_lets_a_person_into_the_organization_and_the_space(juniper: SimpleNamespace, link: Invitation) -> None:
    member = invitations.accept(invitations.read(invitations.key(link)), person())

    assert (member.org, member.role) == (juniper.org, Role.MEMBER)
    assert SpaceMember.objects.filter(space=juniper.space, member=member).exists()
    line = AuditLine.objects.get(action="member.joined")
    assert (line.actor, line.details) == (member, {"invitation": str(link.pk)})


def test_a_link_serves_as_many_people_as_it_says(juniper: SimpleNamespace, link: Invitation) -> None:
    invitations.accept(link, person("Pat"))
    invitations.accept(link, person("Sam"))

    with pytest.raises(invitations.InvitationOver):
        invitations.accept(link, person("Kim"))
    assert not Member.objects.filter(user__name="Kim").exists()


def test_who_is_a_member_already_uses_nothing_up_and_keeps_their_role(
    juniper: SimpleNamespace, link: Invitation
) -> None:
    member = invitations.accept(link, juniper.gus.user)

    assert (member.pk, member.role) == (juniper.gus.pk, Role.GUEST)
    assert Invitation.objects.get(pk=link.pk).uses == 0
    assert SpaceMember.objects.filter(space=juniper.space, member=juniper.gus).exists()


def test_nobody_invites_above_their_own_role_or_without_one(juniper: SimpleNamespace) -> None:
    for actor in (juniper.mei, juniper.gus):
        with pytest.raises(Forbidden):
            invitations.create(actor, juniper.space, role=Role.GUEST, days=7)
    for role in (Role.OWNER, "emperor", ""):
        with pytest.raises(Invalid):
            invitations.create(juniper.ana, juniper.space, role=role, days=7)

    assert invitations.create(juniper.ben, juniper.space, role=Role.ADMIN, days=7).role == Role.ADMIN


@pytest.mark.parametrize(("days", "uses"), [(0, 1), (31, 1), (-1, 1), (7, 0), (7, 51)])
def test_a_link_lasts_and_serves_within_limits(juniper: SimpleNamespace, days: int, uses: int) -> None:
    with pytest.raises(Invalid, match="1 to 30 days and serves 1 to 50 people"):
        invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=days, uses=uses)


@pytest.mark.parametrize("change", ["expired", "revoked", "suspended"])
def test_a_dead_link_is_over(juniper: SimpleNamespace, link: Invitation, change: str) -> None:
    if change == "expired":
        Invitation.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    elif change == "revoked":
        invitations.revoke(juniper.ana, link)
    else:
        Org.objects.filter(pk=juniper.org.pk).update(suspended_at=timezone.now())

    with pytest.raises(invitations.InvitationOver) as refused:
        invitations.read(invitations.key(link))

    assert refused.value.status == 410


def test_a_link_that_dies_between_reading_and_accepting_lets_nobody_in(
    juniper: SimpleNamespace, link: Invitation
) -> None:
    read = invitations.read(invitations.key(link))
    invitations.revoke(juniper.ana, link)

    with pytest.raises(invitations.InvitationOver):
        invitations.accept(read, person())


def test_a_link_of_somebody_who_is_not_in_the_private_space_leads_nobody_into_it(juniper: SimpleNamespace) -> None:
    link = invitations.create(juniper.ben, juniper.private, role=Role.MEMBER, days=7, uses=2)
    SpaceMember.objects.filter(space=juniper.private, member=juniper.ben).delete()

    for user in (juniper.ben.user, person()):
        with pytest.raises(invitations.InvitationOver):
            invitations.accept(link, user)

    assert not juniper.private.space_members.filter(member__in=[juniper.ben]).exists()
    assert not Member.objects.filter(user__name="Pat").exists()


def test_only_admins_revoke(juniper: SimpleNamespace, link: Invitation) -> None:
    with pytest.raises(Forbidden):
        invitations.revoke(juniper.mei, link)


def test_a_key_of_another_purpose_or_another_secret_opens_nothing(link: Invitation) -> None:
    foreign = [
        signing.Signer(salt="something else").sign(link.id.hex),
        signing.Signer(salt="workspace.invitation", key="another secret").sign(link.id.hex),
        signing.dumps(link.id.hex),
        link.id.hex,
        "",
    ]

    for key in foreign:
        with pytest.raises(NotFound):
            invitations.read(key)
    with override_settings(SECRET_KEY=settings.SECRET_KEY + "!"), pytest.raises(NotFound):
        invitations.read(invitations.key(link) + "x")


def test_the_last_place_of_a_link_is_taken_once(committed_db: None, make_org: object) -> None:
    juniper = make_org()  # type: ignore[operator]
    link = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7, uses=1)
    people = [person(name) for name in ("Pat", "Sam", "Kim", "Lou")]
    start, outcomes = threading.Barrier(len(people)), []

    def join(user: User) -> None:
        start.wait()
        try:
            places.accept(link, user)
            outcomes.append("in")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=join, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["in", "invitation_over", "invitation_over", "invitation_over"]
    assert Invitation.objects.get(pk=link.pk).uses == 1
    assert spaces.may_manage(juniper.ana, juniper.space)
