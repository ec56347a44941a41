"""Chromium, and signed-in tabs of members.

*Called by*: pytest. *Keeps true*: a page that logs an error, breaks the content policy or answers 5xx fails its test.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import databases
from tests.doubles.provider import ScriptedProvider
from tests.doubles.site import Site
from tests.stack import Stack
from workspace.models import Member

# Without these Chromium looks for Google's hosts at every start.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all stories. Playwright keeps an event loop running in this thread meanwhile: Django must
    be told to put up with it, and no test of coroutines may come between."""
    path = os.environ.get("CHROMIUM")
    assert path, "There is no Chromium: install one, or name it in CHROMIUM."
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
    patch.undo()


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """A website that links lead to; the running product may ask it for previews."""
    double = Site.start()
    yield double
    double.stop()


@pytest.fixture(scope="package")
def running(
    django_db_setup: None, provider: ScriptedProvider, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Web and worker for all stories: starting them takes longer than most stories. The walk through every page comes
    before them, in test_accessible.py: it wants no worker."""
    known = {"OUTBOUND_ALLOWED": site.place}
    processes = Stack(tmp_path_factory.mktemp("running"), provider_url=provider.url, settings=known)
    try:
        processes.start_web()
        processes.start_worker()
        yield processes
    finally:
        processes.stop()
        cache.clear()


@pytest.fixture
def served(running: Stack, django_db_blocker: Any) -> Iterator[Stack]:
    """Web and worker, running. What a story leaves in the database goes with it; Redis is left alone, as the two of
    them have their places in it."""
    from django.db import connections

    with django_db_blocker.unblock():
        yield running
        connections.close_all()
        databases.empty()


@pytest.fixture
def tab_of(chromium: Browser, served: Stack) -> Iterator[Callable[..., Page]]:
    """A tab in which a member is signed in, each in a browser context of its own."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_tab(member: Member, **options: Any) -> Page:
        context = chromium.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        context.add_cookies([{"name": "parley", "value": _session_of(member), "url": served.url}])
        page = context.new_page()
        watch(page, troubles)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert troubles == []


def watch(page: Page, troubles: list[str]) -> None:
    """Note what no page may do."""
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("response", lambda answer: answer.status >= 500 and troubles.append(f"{answer.status} {answer.url}"))

    # What Chromium says of itself: no connection where a test takes it away, no push in a private window.
    known = ("Failed to load resource", "ERR_INTERNET_DISCONNECTED", "Push API in incognito mode")

    def heard(message: Any) -> None:
        if message.type == "error":
            if not any(words in message.text for words in known):
                troubles.append(f"console: {message.text}")

    page.on("console", heard)


def _session_of(member: Member) -> str:
    """Sign the member in as Django does, without the form: that has a story of its own."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(member.user_id)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
