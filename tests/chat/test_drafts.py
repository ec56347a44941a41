"""Drafts: one a Space or thread, the newest, and never lost in silence."""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from chat import drafts, feed, places, sidebar
from chat.models import Draft
from tests.chat.test_places import together
from workspace.errors import Invalid, NotFound

JSON = {"Accept": "application/json"}


def at(draft: Draft | None) -> str:
    assert draft
    return draft.updated_at.isoformat()


def test_a_draft_waits_for_the_next_device_and_ends_with_an_empty_one(juniper: SimpleNamespace) -> None:
    first = drafts.save(juniper.ana, juniper.space, text="I began").draft

    longer = drafts.save(juniper.ana, juniper.space, text="I began and", base=at(first))
    found = drafts.find(juniper.ana, juniper.space)

    assert found and found.text == "I began and" and longer.other is None
    assert drafts.find(juniper.ben, juniper.space) is None
    assert drafts.save(juniper.ana, juniper.space, text=" \n", base=at(found)).draft is None
    assert not Draft.objects.exists()


def test_the_newest_wins_and_is_handed_what_it_took_the_place_of(juniper: SimpleNamespace) -> None:
    seen = drafts.save(juniper.ana, juniper.space, text="one").draft
    base = at(seen)
    drafts.save(juniper.ana, juniper.space, text="one on the phone", base=base)

    saved = drafts.save(juniper.ana, juniper.space, text="one at the desk", base=base)

    assert saved.draft and saved.draft.text == "one at the desk"
    assert saved.other and saved.other.text == "one on the phone"
    assert drafts.save(juniper.ana, juniper.space, text="one at the desk!", base=at(saved.draft)).other is None


def test_two_devices_that_begin_at_once_leave_one_draft(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()

    outcomes = together(4, lambda number: drafts.save(juniper.ana, juniper.space, text=f"from {number}"))

    assert outcomes == ["done"] * 4
    assert Draft.objects.count() == 1


def test_a_thread_has_a_draft_of_its_own(juniper: SimpleNamespace) -> None:
    (root,) = feed.post(juniper.space, juniper.ana, text="root", client_id=uuid.uuid4())
    (elsewhere,) = feed.post(juniper.private, juniper.ana, text="root", client_id=uuid.uuid4())
    drafts.save(juniper.ana, juniper.space, text="in the Space")

    drafts.save(juniper.ana, juniper.space, text="in the thread", parent=root)

    assert {draft.text for draft in drafts.of(juniper.ana)} == {"in the Space", "in the thread"}
    with pytest.raises(NotFound):
        drafts.save(juniper.ana, juniper.space, text="astray", parent=elsewhere)


def test_what_was_sent_is_no_draft_any_more(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)
    draft = drafts.save(juniper.ana, juniper.space, text="hello").draft
    other = drafts.save(juniper.ana, juniper.private, text="elsewhere").draft

    client.post(f"/spaces/{juniper.space.pk}/messages/", {"text": "hello", "draft": at(draft)}, headers=JSON)

    assert list(Draft.objects.all()) == [other]


def test_what_another_device_wrote_since_stays_when_an_older_text_is_sent(
    juniper: SimpleNamespace, client: Client
) -> None:
    client.force_login(juniper.ana.user)
    old = at(drafts.save(juniper.ana, juniper.space, text="hello").draft)
    drafts.save(juniper.ana, juniper.space, text="another thought", base=old)

    client.post(f"/spaces/{juniper.space.pk}/messages/", {"text": "hello", "draft": old}, headers=JSON)

    assert [draft.text for draft in drafts.of(juniper.ana)] == ["another thought"]


@pytest.mark.parametrize("base", ["", "yesterday", "2026-99-99T00:00:00", "2026-01-01T00:00:00", "\x00", "9" * 39])
def test_a_base_that_is_no_moment_is_no_base(base: str, juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)
    drafts.save(juniper.ana, juniper.space, text="first")

    answer = client.post(f"/spaces/{juniper.space.pk}/draft/", {"text": "second", "base": base}, headers=JSON)

    if "\x00" in base:
        assert answer.status_code in (413, 422)
    else:
        assert answer.json()["other"]["text"] == "first"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": "a\x00b"}, 422),
        ({"text": "x" * 10_001}, 413),
        ({"text": "x", "parent": "no-id"}, 422),
        ({"text": "x", "parent": str(uuid.uuid4())}, 404),
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused_in_words(
    fields: dict[str, str], status: int, juniper: SimpleNamespace, client: Client
) -> None:
    client.force_login(juniper.ana.user)

    answer = client.post(f"/spaces/{juniper.space.pk}/draft/", fields, headers=JSON)

    assert answer.status_code == status and answer.json()["error"]["sentence"]
    assert not Draft.objects.exists()


def test_half_a_character_is_refused(juniper: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        drafts.save(juniper.ana, juniper.space, text="\ud83d")


def test_the_list_names_what_one_may_still_open_and_nothing_else(juniper: SimpleNamespace, client: Client) -> None:
    drafts.save(juniper.gus, juniper.private, text="secret board matters")
    drafts.save(juniper.ben, juniper.private, text="of somebody else")
    client.force_login(juniper.gus.user)
    path = f"/orgs/{juniper.org.slug}/drafts/"
    before = client.get(path).content.decode()

    places.remove_from_space(juniper.ana, juniper.private, juniper.gus)
    after = client.get(path).content.decode()

    assert "secret board matters" in before and "of somebody else" not in before
    assert "secret board matters" not in after


def test_the_page_carries_the_draft_and_the_sidebar_a_mark(juniper: SimpleNamespace, client: Client) -> None:
    drafts.save(juniper.ana, juniper.space, text='half "a" <thought>')
    client.force_login(juniper.ana.user)

    page = client.get(f"/spaces/{juniper.space.pk}/").content.decode()
    marked = [seat.space.name for seat in sidebar.of(juniper.ana).spaces.seats if seat.has_draft]  # type: ignore[attr-defined]

    assert "half &quot;a&quot; &lt;thought&gt;" in page
    assert marked == ["General"]
    assert json.dumps(marked)


@pytest.mark.parametrize("where", ["messages", "thread"])
def test_a_message_that_is_refused_leaves_its_draft(juniper: SimpleNamespace, client: Client, where: str) -> None:
    (root,) = feed.post(juniper.private, juniper.ana, text="hello", client_id=uuid.uuid4())
    in_thread = where == "thread"
    draft = drafts.save(juniper.gus, juniper.private, text="@space hi", parent=root if in_thread else None).draft
    client.force_login(juniper.gus.user)
    path = reverse(where, args=[root.pk if in_thread else juniper.private.pk])

    answer = client.post(path, {"text": "@space hi", "draft": at(draft)}, headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert drafts.find(juniper.gus, juniper.private, root if in_thread else None)
