"""What flows are played on: stacks with settings of their own, and tabs of people who are signed in.

*Called by*: pytest.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.provider import ScriptedProvider
from tests.stack import Stack


@pytest.fixture
def make_stack(committed_db: None, provider: ScriptedProvider, tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Processes whose deadlines are short enough for a test: make_stack(FIRST_BYTE_SECONDS="1")."""
    made: list[Stack] = []

    def make(**settings: str) -> Stack:
        folder = tmp_path / f"stack{len(made)}"
        folder.mkdir()
        made.append(Stack(folder, provider_url=provider.url, settings=settings))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()
