"""What stories do with a tab and with time.

*Called by*: tests.browser.
"""

import time
from collections.abc import Callable

from playwright.sync_api import Page


def open_at(tab: Page, url: str) -> None:
    """The page, once its socket has heard something: what happens from here on is told."""
    with tab.expect_websocket() as socket:
        tab.goto(url)
    socket.value.wait_for_event("framereceived")


def until(is_so: Callable[[], object], seconds: float = 15) -> None:
    """Wait for what only the database shows."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
