"""Founding organizations."""

from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from workspace import members, orgs
from workspace.errors import Invalid
from workspace.models import AuditLine, Member, Org, Role, User


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana@example.com", None, name="Ana Ruiz")


def test_who_founds_an_organization_owns_it_and_the_trail_says_so(user: User) -> None:
    owner = orgs.found(user, name="  Juniper Labs ")

    assert (owner.org.name, owner.org.slug) == ("Juniper Labs", "juniper-labs")
    assert (owner.role, owner.handle) == (Role.OWNER, "ana-ruiz")
    line = AuditLine.objects.get(org=owner.org)
    assert (line.action, line.actor) == ("org.founded", owner)


def test_two_organizations_of_one_name_have_two_addresses(user: User) -> None:
    slugs = [orgs.found(user, name="Juniper").org.slug for _ in range(3)]

    assert slugs == ["juniper", "juniper-2", "juniper-3"]


@pytest.mark.parametrize("name", ["Api", "admin", "STATIC", "v1"])
def test_a_reserved_word_is_nobodys_address(user: User, name: str) -> None:
    assert orgs.found(user, name=name).org.slug == f"{name.lower()}-2"


def test_a_name_without_latin_letters_still_gets_an_address(user: User) -> None:
    assert orgs.found(user, name="東京").org.slug == "org"


def test_a_name_that_cannot_be_used_founds_nothing(user: User) -> None:
    with pytest.raises(Invalid):
        orgs.found(user, name="\u200b")

    assert not Org.objects.exists()


def test_the_database_keeps_a_second_owner_out(juniper: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError, match="member_one_owner_per_org"), transaction.atomic():
        Member.objects.filter(pk=juniper.ben.pk).update(role=Role.OWNER)


def test_one_person_may_belong_to_many_organizations(user: User, other: SimpleNamespace) -> None:
    orgs.found(user, name="Juniper")
    members.admit(other.org, user, role=Role.MEMBER)

    assert {member.org.slug for member in Member.objects.filter(user=user)} == {"juniper", "other"}
