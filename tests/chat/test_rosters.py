"""Long lists of people, a page at a time."""

import re
import uuid
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chat import rosters
from workspace.models import Member, Role, Space, SpaceMember, User


@pytest.fixture
def crowd(juniper: SimpleNamespace) -> list[Member]:
    """130 members of the organization, in none of its Spaces."""
    users = User.objects.bulk_create(User(email=f"p{n}@example.com", name=f"Person {n:03}") for n in range(130))
    return Member.objects.bulk_create(
        Member(org=juniper.org, user=user, role=Role.MEMBER, display_name=user.name, handle=f"person-{n:03}")
        for n, user in enumerate(users)
    )


def seat(space: Space, people: list[Member]) -> None:
    SpaceMember.objects.bulk_create(SpaceMember(org_id=space.org_id, space=space, member=each) for each in people)


def names(page: str) -> list[str]:
    return re.findall(r"data-name-of=\"[^\"]+\">([^<]+)<", page)


def test_the_people_of_an_organization_come_a_hundred_to_a_page(
    juniper: SimpleNamespace, crowd: list[Member], client: Client
) -> None:
    client.force_login(juniper.mei.user)
    path = reverse("people", args=[juniper.org.slug])

    first, second, beyond = [client.get(path, {"page": n}).content.decode() for n in ("1", "2", "9999")]
    found = client.get(path, {"q": "person-00", "page": "x"}).content.decode()

    assert (len(names(first)), len(names(second))) == (100, 34) and not set(names(first)) & set(names(second))
    assert "134 people" in first and f'href="{path}?page=2"' in first and f'data-url="{path}?page=2"' in second
    assert names(beyond) == names(second) and "Next page" not in second
    assert len(names(found)) == 10 and f'data-url="{path}?q=person-00"' in found


def test_the_people_of_a_space_come_in_pages_and_are_searched(
    juniper: SimpleNamespace, crowd: list[Member], client: Client
) -> None:
    client.force_login(juniper.ana.user)
    path = reverse("space_members", args=[juniper.space.pk])
    few = client.get(path).content.decode()
    seat(juniper.space, crowd)

    first, second = [client.get(path, {"page": n}).content.decode() for n in ("1", "2")]
    found = client.get(path, {"q": "Person 129"}).content.decode()

    assert 'id="people-q"' not in few and 'id="people-q"' in first
    assert (len(names(first)), len(names(second))) == (100, 33)
    assert names(found) == ["Person 129"]
    assert "Nobody by that name." in client.get(path, {"q": "nobody at all"}).content.decode()


def test_of_those_who_could_be_added_the_first_are_shown_and_any_is_found(
    juniper: SimpleNamespace, crowd: list[Member], client: Client
) -> None:
    client.force_login(juniper.ana.user)
    path = reverse("space_members", args=[juniper.space.pk])

    page = client.get(path).content.decode()
    found = client.get(path, {"add": "person-12"}).content.decode()
    none = client.get(path, {"add": "nobody at all"}).content.decode()

    assert page.count('type="checkbox" name="member"') == rosters.ADDABLE_MAX
    assert "81 more can be found by name." in page  # 130 and Gus, less 50
    assert found.count('type="checkbox" name="member"') == 10 and "Person 129" in found
    assert "Nobody by that name." in none


def test_a_list_costs_the_same_however_many_people_there_are(
    juniper: SimpleNamespace, crowd: list[Member], client: Client
) -> None:
    client.force_login(juniper.ana.user)
    paths = [reverse("people", args=[juniper.org.slug]), reverse("space_members", args=[juniper.space.pk])]
    costs = []

    for people in ([], crowd):
        seat(juniper.space, people)
        with _counted() as asked:
            for path in paths:
                client.get(path)
        costs.append(len(asked))

    assert costs[0] == costs[1]


def test_as_many_people_as_the_form_takes_are_added_with_one_request_and_no_more(
    juniper: SimpleNamespace, crowd: list[Member], client: Client
) -> None:
    client.force_login(juniper.ana.user)
    path = reverse("space_members", args=[juniper.space.pk])
    costs = []

    for people in (crowd[:1], crowd[1:100]):
        with _counted() as asked:
            answer = client.post(path, {"member": [each.pk for each in people]})
        costs.append(len(asked))
        assert answer.status_code == 302
    refused = client.post(path, {"member": [uuid.uuid4() for _ in range(101)]})

    assert costs[0] == costs[1]
    assert refused.status_code == 422 and "At most 100 people" in refused.content.decode()
    assert juniper.space.space_members.count() == 103


def _counted() -> CaptureQueriesContext:
    return CaptureQueriesContext(connection)
