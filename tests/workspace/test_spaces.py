"""Spaces: making, changing, and who is in them."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from workspace import invitations, seats, spaces
from workspace.errors import Forbidden, Invalid
from workspace.models import AuditLine, Role, Space, SpaceMember, SpaceRole


def people(space: Space) -> set[str]:
    return set(SpaceMember.objects.filter(space=space).values_list("member__handle", flat=True))


def test_who_makes_a_space_owns_it(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name=" Design ", is_private=True)

    assert (space.name, space.is_private, space.revision) == ("Design", True, 0)
    assert SpaceMember.objects.get(space=space).role == SpaceRole.OWNER
    assert AuditLine.objects.filter(action="space.created", subject=str(space.pk), actor=juniper.mei).exists()


def test_a_guest_makes_no_space(juniper: SimpleNamespace) -> None:
    with pytest.raises(Forbidden, match="Guests cannot make Spaces"):
        spaces.create(juniper.gus, name="Design", is_private=False)


def test_a_name_that_cannot_be_used_makes_and_changes_nothing(juniper: SimpleNamespace) -> None:
    before = Space.objects.count()

    with pytest.raises(Invalid):
        spaces.create(juniper.mei, name="\u200b", is_private=False)
    with pytest.raises(Invalid):
        spaces.change(juniper.ana, juniper.space, name="\u200b", is_private=False)

    assert Space.objects.count() == before
    assert Space.objects.get(pk=juniper.space.pk).name == "General"


def test_a_space_that_becomes_private_keeps_those_who_had_joined(juniper: SimpleNamespace) -> None:
    spaces.change(juniper.ben, juniper.space, name="Staff", is_private=True)

    changed = Space.objects.get(pk=juniper.space.pk)
    assert (changed.name, changed.is_private) == ("Staff", True)
    assert people(changed) == {"ana", "ben", "mei"}


@pytest.mark.parametrize("actor", ["mei", "gus"])
def test_only_its_owner_and_admins_change_a_space_or_who_is_in_it(juniper: SimpleNamespace, actor: str) -> None:
    person = getattr(juniper, actor)

    for verb in (
        lambda: spaces.change(person, juniper.space, name="Mine", is_private=True),
        lambda: spaces.add(person, juniper.space, juniper.gus),
        lambda: spaces.remove(person, juniper.space, juniper.ben),
    ):
        with pytest.raises(Forbidden):
            verb()

    assert people(juniper.space) == {"ana", "ben", "mei"}


def test_the_owner_of_a_space_manages_it_without_being_an_admin(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Design", is_private=True)

    spaces.add(juniper.mei, space, juniper.gus)
    spaces.add(juniper.mei, space, juniper.gus)

    assert people(space) == {"mei", "gus"}
    assert AuditLine.objects.filter(action="space.member_added", subject=str(space.pk)).count() == 1


def test_somebody_of_another_organization_is_not_let_in(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="not in this organization"):
        spaces.add(juniper.ana, juniper.space, other.mei)


def test_anybody_may_leave_but_the_last_owner(juniper: SimpleNamespace) -> None:
    spaces.remove(juniper.gus, juniper.private, juniper.gus)

    with pytest.raises(Invalid, match="needs an owner"):
        spaces.remove(juniper.ana, juniper.private, juniper.ana)

    assert people(juniper.private) == {"ana", "ben"}


def test_taking_out_somebody_who_is_not_in_it_changes_nothing(juniper: SimpleNamespace) -> None:
    before = AuditLine.objects.count()

    spaces.remove(juniper.ana, juniper.private, juniper.mei)

    assert (people(juniper.private), AuditLine.objects.count()) == ({"ana", "ben", "gus"}, before)


@pytest.mark.parametrize("actor", ["ana", "ben"])
def test_links_into_a_private_space_end_when_somebody_is_taken_out_of_it_or_leaves(
    actor: str, juniper: SimpleNamespace
) -> None:
    inside = invitations.create(juniper.ana, juniper.private, role=Role.MEMBER, days=7, uses=5)
    outside = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7, uses=5)

    spaces.remove(getattr(juniper, actor), juniper.private, juniper.ben)

    with pytest.raises(invitations.InvitationOver):
        invitations.accept(inside, juniper.ben.user)
    assert people(juniper.private) == {"ana", "gus"}
    assert invitations.read(invitations.key(outside)).pk == outside.pk


def test_links_from_when_a_space_was_public_end_when_it_becomes_private(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.mei, name="Open", is_private=False)
    mine = invitations.create(juniper.ben, space, role=Role.MEMBER, days=7, uses=5)

    spaces.change(juniper.mei, space, is_private=True)

    with pytest.raises(invitations.InvitationOver):
        invitations.read(invitations.key(mine))
    with pytest.raises(invitations.InvitationOver):
        invitations.accept(mine, juniper.ben.user)
    assert people(space) == {"mei"}


def test_looking_at_a_public_space_does_not_join_it(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Open", is_private=False)

    assert not spaces.visit(space, juniper.mei)
    assert people(space) == {"ana"}


def test_who_joins_a_public_space_is_in_it_once_and_each_visit_is_remembered(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Open", is_private=False)

    outcomes = [spaces.join(juniper.mei, space), spaces.join(juniper.mei, space)]
    first = SpaceMember.objects.get(space=space, member=juniper.mei)
    assert spaces.visit(space, juniper.mei)
    again = SpaceMember.objects.get(space=space, member=juniper.mei)

    assert outcomes == [True, False]
    assert first.role == SpaceRole.EDITOR
    assert first.visited_at and again.visited_at and again.visited_at > first.visited_at
    assert AuditLine.objects.filter(action="space.joined", subject=str(space.pk)).count() == 1


def test_nobody_joins_a_private_space_by_themselves_and_a_guest_joins_none(juniper: SimpleNamespace) -> None:
    for member, space in ((juniper.mei, juniper.private), (juniper.gus, juniper.space)):
        with pytest.raises(Forbidden):
            spaces.join(member, space)

    assert people(juniper.private) == {"ana", "ben", "gus"}
    assert people(juniper.space) == {"ana", "ben", "mei"}


def test_owners_and_editors_write_and_so_do_those_who_could_join(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Open", is_private=False)

    assert spaces.require_writer(juniper.ana, space)
    assert spaces.require_writer(juniper.mei, juniper.space)
    assert not spaces.require_writer(juniper.mei, space)


def test_viewers_and_those_outside_do_not_write(juniper: SimpleNamespace) -> None:
    SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).update(role=SpaceRole.VIEWER)

    for member, space in ((juniper.mei, juniper.space), (juniper.mei, juniper.private), (juniper.gus, juniper.space)):
        with pytest.raises(spaces.ReadOnly, match="You can read here, but not write"):
            spaces.require_writer(member, space)
    spaces.require_open(juniper.space)


def test_a_viewer_who_leaves_and_comes_back_is_a_viewer(juniper: SimpleNamespace) -> None:
    link = invitations.create(juniper.ben, juniper.space, role=Role.MEMBER, days=7)
    seats.set_role(juniper.ana, juniper.space, juniper.mei, SpaceRole.VIEWER)

    for come in (
        lambda: spaces.join(juniper.mei, juniper.space),
        lambda: invitations.accept(link, juniper.mei.user),
    ):
        spaces.remove(juniper.mei, juniper.space, juniper.mei)
        assert not spaces.may_write(juniper.mei, juniper.space)
        assert not Space.objects.writable_by(juniper.mei).filter(pk=juniper.space.pk).exists()
        come()
        assert not spaces.may_write(juniper.mei, juniper.space)
        assert SpaceMember.objects.get(space=juniper.space, member=juniper.mei).role == SpaceRole.VIEWER


def test_who_was_let_write_again_comes_back_as_that(juniper: SimpleNamespace) -> None:
    seats.set_role(juniper.ana, juniper.space, juniper.mei, SpaceRole.VIEWER)
    spaces.remove(juniper.mei, juniper.space, juniper.mei)

    spaces.add(juniper.ana, juniper.space, juniper.mei)
    spaces.remove(juniper.mei, juniper.space, juniper.mei)
    spaces.join(juniper.mei, juniper.space)

    assert spaces.may_write(juniper.mei, juniper.space)
    assert Space.objects.writable_by(juniper.mei).filter(pk=juniper.space.pk).exists()


def test_nobody_writes_in_an_archived_space_not_even_its_owner(juniper: SimpleNamespace) -> None:
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    for member in (juniper.ana, juniper.mei):
        with pytest.raises(spaces.Archived, match="This Space is archived"):
            spaces.require_writer(member, juniper.space)
    with pytest.raises(spaces.Archived):
        spaces.require_open(juniper.space)


def test_what_a_member_sees(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    def seen(member: object) -> set[str]:
        return set(Space.objects.visible_to(member).values_list("name", flat=True))  # type: ignore[arg-type]

    assert seen(juniper.ana) == {"General", "Board"}
    assert seen(juniper.mei) == {"General"}
    assert seen(juniper.gus) == {"Board"}
    assert set(Space.objects.joined_by(juniper.ben)) == {juniper.space, juniper.private}
    assert not set(Space.objects.visible_to(juniper.ana)) & set(Space.objects.visible_to(other.ana))
