"""More Spaces than the plan holds: read, and not lost."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from billing import plans, surplus
from chat import feed, places
from workspace import spaces
from workspace.errors import Forbidden, Invalid
from workspace.models import Space
from workspace.spaces import BeyondPlan

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(make_org: Any) -> Any:
    """Three Spaces on Business: General and Board, and Garden, which is newer."""
    who = make_org()
    who.garden = spaces.create(who.ana, name="Garden", is_private=False)
    return who


def beyond(who: Any) -> list[str]:
    return sorted(Space.objects.filter(org=who.org, is_beyond_plan=True).values_list("name", flat=True))


def test_a_smaller_plan_leaves_the_oldest_open_and_the_rest_to_be_read(many: Any) -> None:
    plans.switch(many.org, "starter")

    assert beyond(many) == ["Board", "Garden"]
    spaces.require_writer(many.ana, many.space)
    with pytest.raises(BeyondPlan):
        spaces.require_writer(many.ana, many.garden)
    with pytest.raises(BeyondPlan):
        spaces.require_open(many.garden)
    assert not Space.objects.writable_by(many.ana).filter(pk=many.garden.pk).exists()


def test_a_larger_plan_opens_them_all(many: Any) -> None:
    plans.switch(many.org, "starter")

    plans.switch(many.org, "team")

    assert beyond(many) == []


def test_an_admin_may_choose_another(many: Any) -> None:
    plans.switch(many.org, "starter")

    surplus.choose(many.ana, [many.garden.pk])
    surplus.settle(many.org)

    assert beyond(many) == ["Board", "General"]


def test_more_than_the_plan_holds_cannot_be_chosen(many: Any) -> None:
    plans.switch(many.org, "starter")

    with pytest.raises(Invalid, match="holds 1 Space"):
        surplus.choose(many.ana, [many.garden.pk, many.space.pk])
    with pytest.raises(Forbidden):
        surplus.choose(many.mei, [many.garden.pk])

    assert beyond(many) == ["Board", "Garden"]


def test_archiving_the_open_one_makes_room_for_the_next(many: Any) -> None:
    plans.switch(many.org, "starter")

    places.archive_space(many.ana, many.space)

    assert beyond(many) == ["Garden"]


def test_the_page_of_such_a_space_says_so_and_its_messages_stay(many: Any) -> None:
    spaces.join(many.ana, many.garden)
    feed.post(many.garden, many.ana, text="The beans are in.", client_id=uuid4())
    plans.switch(many.org, "starter")
    browser = Client()
    browser.force_login(many.ana.user)

    told = browser.get(f"/spaces/{many.garden.pk}/").content.decode()
    plan = browser.get(f"/orgs/{many.org.slug}/plan/").content.decode()

    assert "The beans are in." in told and "can be read and not written in" in told
    assert 'id="message-text"' not in told and f'value="{many.garden.pk}"' in plan
    browser.post(f"/orgs/{many.org.slug}/plan/spaces/", {"space": [many.garden.pk]})
    assert 'id="message-text"' in browser.get(f"/spaces/{many.garden.pk}/").content.decode()
