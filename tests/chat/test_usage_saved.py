"""Saved views: one's own, shared ones, names, limits."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import SavedView
from chat.usage import saved
from workspace.errors import Invalid, NotFound
from workspace.models import AuditLine, Member


def save(member: Member, name: str = "By model", query: str = "by=model&span=30d", **more: bool) -> SavedView:
    return saved.save(member, name=name, query=query, **{"is_shared": False} | more)


def test_a_view_keeps_what_an_address_asks_for_and_nothing_else(juniper: SimpleNamespace) -> None:
    view = save(juniper.ana, query="by=model&span=30d&sort=tokens&evil=1&page=7&csrfmiddlewaretoken=x")

    assert view.query == "span=30d&by=model&sort=tokens"


def test_ones_own_views_are_seen_by_oneself_and_shared_ones_by_all(juniper: SimpleNamespace) -> None:
    save(juniper.ana, "Mine")
    save(juniper.ana, "Ours", is_shared=True)
    save(juniper.ben, "Bens")

    assert [view.name for view in saved.seen_by(juniper.ben)] == ["Bens", "Ours"]
    assert [view.name for view in saved.seen_by(juniper.ana)] == ["Mine", "Ours"]


def test_only_its_maker_changes_a_view(juniper: SimpleNamespace) -> None:
    view = save(juniper.ana, is_shared=True)

    with pytest.raises(NotFound):
        saved.change(juniper.ben, view.pk, name="Stolen", is_shared=True)
    with pytest.raises(NotFound):
        saved.delete(juniper.ben, view.pk)
    saved.change(juniper.ana, view.pk, name="Ours", is_shared=False)

    assert SavedView.objects.values_list("name", "is_shared").get() == ("Ours", False)
    saved.delete(juniper.ana, view.pk)
    assert not SavedView.objects.exists()


def test_the_owner_deletes_a_shared_view_of_somebody_and_that_is_on_record(juniper: SimpleNamespace) -> None:
    shared, own = save(juniper.ben, "Shared", is_shared=True), save(juniper.ben, "Own")

    saved.delete(juniper.ana, shared.pk)
    with pytest.raises(NotFound):
        saved.delete(juniper.ana, own.pk)

    assert AuditLine.objects.get(action="usage_view.deleted").details == {"of": "ben"}


def test_names_are_taken_once_and_are_names(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    save(juniper.ana)
    save(juniper.ben)
    save(other.ana)

    for name, words in (
        ("By model", "already"),
        ("", "empty"),
        ("x" * 61, "at most 60"),
        ("a\u202eb", "cannot be seen"),
    ):
        with pytest.raises(Invalid, match=words):
            save(juniper.ana, name)
    assert SavedView.objects.count() == 3


@pytest.mark.parametrize("query", ["from=x&to=y", "member=nobody", f"provider={'x' * 300}"])
def test_what_cannot_be_asked_cannot_be_saved(juniper: SimpleNamespace, query: str) -> None:
    with pytest.raises(Invalid):
        save(juniper.ana, query=query)


def test_there_is_a_most(juniper: SimpleNamespace) -> None:
    SavedView.objects.bulk_create(
        SavedView(org=juniper.org, member=juniper.ana, name=f"View {n}", query="") for n in range(saved.VIEWS_MAX)
    )

    with pytest.raises(Invalid, match="Delete one first"):
        save(juniper.ana)


def test_a_view_is_saved_opened_renamed_and_deleted_by_forms(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)
    views = reverse("usage_views", args=[juniper.org.slug])

    made = client.post(views, {"name": "Thirty days", "query": "span=30d&by=member", "shared": "on"})
    again = client.post(views, {"name": "Thirty days", "query": "by=model"})
    view = SavedView.objects.get()
    client.post(reverse("usage_view_change", args=[juniper.org.slug, view.pk]), {"name": "A month"})
    shown = client.get(views).content.decode()

    assert made["Location"].endswith("/usage/?span=30d&by=member") and client.get(made["Location"]).status_code == 200
    assert (
        again.status_code == 422
        and "already" in again.content.decode()
        and 'value="by=model"' in again.content.decode()
    )
    assert "A month" in shown and "span=30d&amp;by=member" in shown
    client.post(reverse("usage_view_delete", args=[juniper.org.slug, view.pk]))
    assert not SavedView.objects.exists()
