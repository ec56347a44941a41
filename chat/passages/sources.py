"""Which archives can be brought in, and who reads them.

*Called by*: chat.passages.running. *Keeps true*: what an archive is, is told by what is in it.
"""

from collections.abc import Callable, Sequence
from typing import IO, Any

from chat.models import Passage, PassageKind
from chat.passages.hold import Hold
from chat.passages.parley import bring as parley
from chat.passages.parley import export as parley_export
from chat.passages.report import Report
from chat.passages.slack import bring as slack
from chat.passages.slack import export as slack_export

Tell = Callable[[int, int], None]


def kind_of(file: IO[bytes]) -> str:
    """Raises WrongArchive for what is no archive; what is not ours is taken for Slack's, who says what is wrong."""
    return PassageKind.PARLEY_IN if parley_export.is_one(file) else PassageKind.SLACK_IN


def look(passage: Passage, file: IO[bytes], tell: Tell) -> dict[str, Any]:
    """What an import would bring. Raises WrongArchive."""
    if passage.kind == PassageKind.PARLEY_IN:
        return parley.look(passage.org, passage.asked_by, parley_export.open_export(file), tell)
    return slack.look(passage.org, passage.asked_by, slack_export.open_export(file), tell)


def bring(held: Hold, file: IO[bytes], chosen: Sequence[str]) -> Report:
    if held.passage.kind == PassageKind.PARLEY_IN:
        return parley.bring(held, parley_export.open_export(file), chosen)
    return slack.bring(held, slack_export.open_export(file), chosen)
