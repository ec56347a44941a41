"""Every page, for everybody: axe-core, a phone, 200 %, the keyboard alone, and stillness for who asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser

from tests import databases
from tests.browser import tour
from tests.browser.furnished import furnish
from tests.browser.states import states
from tests.browser.tour import Findings, Tour
from tests.stack import Stack
from tests.workspace import actors

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def findings(
    chromium: Browser, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Findings]:
    """What was noted on one walk through all of it: the pages are loaded once for all tests of this file."""
    from django.db import connections

    with django_db_blocker.unblock():
        served = Stack(tmp_path_factory.mktemp("tour"))
        try:
            world = actors.build()
            furnish(world)
            served.start_web()
            walk = Tour(chromium, served.url, world)
            for stop in [*tour.stops(world), *states(world)]:
                walk.visit(stop)
            yield walk.findings
        finally:
            served.stop()
            connections.close_all()
            databases.empty()
            cache.clear()


def test_every_page_opens(findings: Findings) -> None:
    assert not findings.of("opened")


@pytest.mark.parametrize("impact", ["critical", "serious", "moderate"])
def test_axe_finds_nothing(findings: Findings, impact: str) -> None:
    assert not findings.of(f"axe {impact}")


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("bones", id="one heading, one main, a language and a title"),
        pytest.param("width", id="no scrolling sideways on a phone and at 200 percent"),
        pytest.param("stillness", id="nothing moves for who asks for stillness"),
        pytest.param("keyboard", id="Tab reaches all and shows where it is"),
    ],
)
def test_every_page_has(findings: Findings, subject: str) -> None:
    assert not findings.of(subject)


def test_what_is_no_page_is_in_the_table() -> None:
    assert set(tour.NO_PAGES) <= {name for name, method, *_ in tour.ROWS if method == "GET"}
