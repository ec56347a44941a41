"""Members: coming, going, changing role."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from workspace import invitations, members, spaces
from workspace.errors import Forbidden, Invalid
from workspace.models import AuditLine, Invitation, Member, Org, Role, SpaceMember, User


def newcomer(name: str = "Zoë Ruiz") -> User:
    return User.objects.create(email=f"u{User.objects.count()}@example.com", name=name)


def test_a_newcomer_gets_a_handle_that_nobody_and_no_model_has(juniper: SimpleNamespace) -> None:
    handles = [
        members.admit(juniper.org, newcomer(name), role=Role.MEMBER, avoid_handles={"gpt-5"}).handle
        for name in ("Zoë Ruiz", "Zoe Ruiz", "GPT-5", "here", "Всё", "")
    ]

    assert handles == ["zoe-ruiz", "zoe-ruiz-2", "gpt-5-2", "here-2", "member", "u9"]


def test_who_is_a_member_already_stays_as_they_are(juniper: SimpleNamespace) -> None:
    again = members.admit(juniper.org, juniper.mei.user, role=Role.ADMIN)

    assert (again.pk, again.role) == (juniper.mei.pk, Role.MEMBER)


def test_who_comes_back_finds_their_handle_but_none_of_their_spaces(juniper: SimpleNamespace) -> None:
    members.remove(juniper.ana, juniper.mei)

    back = members.admit(juniper.org, juniper.mei.user, role=Role.GUEST)

    assert (back.pk, back.handle, back.role, back.left_at) == (juniper.mei.pk, "mei", Role.GUEST, None)
    assert not SpaceMember.objects.filter(member=back).exists()


def test_who_leaves_loses_every_right_at_once_and_the_row_stays_for_their_messages(juniper: SimpleNamespace) -> None:
    invitation = invitations.create(juniper.ben, juniper.space, role=Role.MEMBER, days=7)

    members.remove(juniper.ana, juniper.ben)

    assert Member.objects.filter(pk=juniper.ben.pk, left_at__isnull=False).exists()
    assert not Member.objects.present().filter(pk=juniper.ben.pk).exists()
    assert not SpaceMember.objects.filter(member=juniper.ben).exists()
    assert not Invitation.objects.open().filter(pk=invitation.pk).exists()
    assert AuditLine.objects.filter(action="member.removed", subject="ben", actor=juniper.ana).exists()


@pytest.mark.parametrize(
    ("actor", "member"), [("mei", "gus"), ("gus", "mei"), ("mei", "ben"), ("gus", "gus_"), ("ben", "ana")]
)
def test_nobody_removes_somebody_they_may_not(juniper: SimpleNamespace, actor: str, member: str) -> None:
    target = getattr(juniper, member.rstrip("_"))
    if actor == target.handle:
        members.remove(target, target)  # oneself, always
        return

    with pytest.raises((Forbidden, Invalid)):
        members.remove(getattr(juniper, actor), target)

    assert Member.objects.present().filter(pk=target.pk).exists()


def test_the_owner_cannot_leave_their_organization_behind(juniper: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="Hand the organization over"):
        members.remove(juniper.ana, juniper.ana)


def test_an_admin_may_make_admins_and_unmake_them(juniper: SimpleNamespace) -> None:
    members.change_role(juniper.ben, juniper.mei, role=Role.ADMIN)
    members.change_role(juniper.mei, juniper.ben, role=Role.MEMBER)

    assert Member.objects.get(pk=juniper.ben.pk).role == Role.MEMBER
    line = AuditLine.objects.filter(action="member.role_changed").latest("id")
    assert line.details == {"before": "admin", "after": "member"}


@pytest.mark.parametrize("role", [Role.OWNER, "emperor", ""])
def test_a_role_that_cannot_be_given_is_refused(juniper: SimpleNamespace, role: str) -> None:
    with pytest.raises(Invalid):
        members.change_role(juniper.ana, juniper.mei, role=role)


def test_a_member_cannot_raise_anybody_and_nobody_demotes_the_owner(juniper: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        members.change_role(juniper.mei, juniper.mei, role=Role.ADMIN)
    with pytest.raises(Invalid):
        members.change_role(juniper.ben, juniper.ana, role=Role.MEMBER)


def test_a_demoted_admin_can_invite_nobody_with_the_links_of_yesterday(juniper: SimpleNamespace) -> None:
    invitation = invitations.create(juniper.ben, juniper.space, role=Role.ADMIN, days=7, uses=5)

    members.change_role(juniper.ana, juniper.ben, role=Role.MEMBER)

    with pytest.raises(invitations.InvitationOver):
        invitations.read(invitations.key(invitation))


def test_an_account_that_is_switched_off_is_present_nowhere(juniper: SimpleNamespace) -> None:
    User.objects.filter(pk=juniper.mei.user_id).update(is_active=False)

    assert juniper.mei not in Member.objects.present()


def test_a_link_from_before_the_removal_does_not_bring_anybody_back_and_a_later_one_does(
    juniper: SimpleNamespace,
) -> None:
    link = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7, uses=5)
    members.remove(juniper.ana, juniper.mei)

    with pytest.raises(invitations.InvitationOver):
        invitations.accept(link, juniper.mei.user)
    Member.objects.filter(pk=juniper.mei.pk).update(left_at=timezone.now() - timedelta(days=1))
    later = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7)
    invitations.accept(later, juniper.mei.user)

    assert Member.objects.present().filter(pk=juniper.mei.pk).exists()
    assert Org.objects.count() == 1
    assert spaces.may_manage(juniper.mei, juniper.space) is False
