"""A storage that goes with its test, and an organization in which there is some of everything.

*Called by*: pytest.
"""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chat.passages.whole_org import furnish


@pytest.fixture(autouse=True)
def folder(tmp_path, settings) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Archives of a test go with it."""
    storages = {**settings.STORAGES}
    storages["files"] = {**storages["files"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = storages
    yield


@pytest.fixture
def whole(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> SimpleNamespace:
    return furnish(juniper, make_model)
