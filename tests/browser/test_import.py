"""A Slack workspace moves in, and an organization of Parley moves house, on a desk and on a phone: the archive, what is
in it, how far it is, and the thread."""

import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing import plans
from chat import feed, profiles
from tests.chat.passages import slack_zip
from tests.doubles import uploads
from tests.stack import Stack
from workspace import orgs

pytestmark = pytest.mark.xdist_group("browser")
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desk", "phone"])
def test_an_admin_brings_a_workspace_and_reads_its_thread(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    tab_of: Callable[..., Page],
    tmp_path: Path,
    screen: dict[str, Any],
) -> None:
    juniper = make_org()
    archive = tmp_path / "slack.zip"
    archive.write_bytes(slack_zip.make().read())
    ana = tab_of(juniper.ana, **screen)

    ana.goto(f"{served.url}/orgs/{juniper.org.slug}/settings/")
    ana.get_by_role("main").get_by_role("link", name="Import").click()
    ana.get_by_label("Zip archive").set_input_files(archive)
    ana.get_by_role("button", name="Look into it").click()
    expect(ana.get_by_role("heading", name="What is in the archive")).to_be_visible(timeout=30_000)
    expect(ana.get_by_role("checkbox", name="general")).to_be_checked()
    expect(ana.get_by_role("checkbox", name="direct")).not_to_be_checked()
    ana.get_by_role("checkbox", name="old-things").uncheck()
    ana.get_by_role("button", name="Begin the import").click()
    expect(ana.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)

    expect(ana.get_by_role("definition").first).to_have_text("5")
    ana.get_by_role("main").get_by_role("link", name="Browse Spaces").click()
    ana.get_by_role("main").get_by_role("link", name="general", exact=True).first.click()
    root = ana.locator("article", has_text="Launch on Friday").first
    expect(root).to_contain_text("Imported from Slack")
    root.get_by_role("link", name="2 replies").click()
    expect(ana.locator("#panel")).to_contain_text("Yes!")
    assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desk", "phone"])
def test_an_owner_takes_an_organization_out_and_brings_it_into_another(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    tab_of: Callable[..., Page],
    tmp_path: Path,
    screen: dict[str, Any],
) -> None:
    juniper = make_org()
    profiles.set_picture(juniper.mei, uploads.picture("PNG", (60, 60)))
    (root,) = feed.post(juniper.space, juniper.mei, text="Shall we move?", client_id=uuid.uuid4())
    feed.post(juniper.space, juniper.ben, text="Yes, today", client_id=uuid.uuid4(), parent=root)
    elsewhere = orgs.found(juniper.ana.user, name="Elsewhere")
    plans.enroll(elsewhere.org, "business")
    ana, archive = tab_of(juniper.ana, **screen), tmp_path / "parley.zip"

    ana.goto(f"{served.url}/orgs/{juniper.org.slug}/export/")
    ana.get_by_role("button", name="Export the organization").click()
    expect(ana.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    with ana.expect_download() as download:
        ana.get_by_role("link", name="Save the archive").click()
    download.value.save_as(archive)
    ana.goto(f"{served.url}/orgs/{elsewhere.org.slug}/import/")
    ana.get_by_label("Zip archive").set_input_files(archive)
    ana.get_by_role("button", name="Look into it").click()
    expect(ana.get_by_role("checkbox", name="General")).to_be_checked(timeout=30_000)
    ana.get_by_role("checkbox", name="Board").uncheck()
    ana.get_by_role("button", name="Begin the import").click()
    expect(ana.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)

    expect(ana.locator("dl")).to_contain_text("Pictures of members")
    ana.get_by_role("main").get_by_role("link", name="Browse Spaces").click()
    ana.get_by_role("main").get_by_role("link", name="General").first.click()
    moved = ana.locator("article", has_text="Shall we move?").first
    expect(moved).to_contain_text("Imported from Parley")
    expect(moved.locator("img").first).to_have_js_property("naturalWidth", 64)
    moved.get_by_role("link", name="1 reply").click()
    expect(ana.locator("#panel")).to_contain_text("Yes, today")
    assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_export_is_waited_for_and_saved(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    mei = tab_of(juniper.mei)

    mei.goto(f"{served.url}/profile/")
    mei.get_by_role("link", name="Export your data").click()
    mei.get_by_role("button", name="Export my data").click()
    expect(mei.get_by_role("heading", name="Finished")).to_be_visible(timeout=30_000)
    with mei.expect_download() as download:
        mei.get_by_role("link", name="Save the archive").click()

    assert download.value.suggested_filename.startswith("parley-juniper-mei-")
    assert download.value.path().read_bytes()[:2] == b"PK"
