"""A zip archive while it is filled, entry by entry.

*Called by*: chat.passages.parley.org_out and member_out. *Keeps true*: nothing is held in memory but one piece and the
digests; the last entry names the digest of every other, so that a part that was changed or lost is found.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import orjson

from chat.files import names

DIGESTS = "digests.json"
_NOT_IN_PATHS = re.compile(r'[\x00-\x1f<>:"|?*\\/]')


class Kept(NamedTuple):
    """What an entry turned out to weigh."""

    size_bytes: int
    sha256: str


class Entry:
    """One entry that is open."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest, self._size = stream, hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        self._stream.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    def line(self, value: Any) -> None:
        self.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))

    @property
    def kept(self) -> Kept:
        return Kept(self._size, self._digest.hexdigest())


class Bag:
    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._digests: dict[str, str] = {}

    @contextmanager
    def entry(self, name: str) -> Iterator[Entry]:
        """An entry to be written piece by piece. One at a time."""
        with self._zip.open(name, "w", force_zip64=True) as stream:
            entry = Entry(stream)
            yield entry
        self._digests[name] = entry.kept.sha256

    def json(self, name: str, value: Any) -> None:
        with self.entry(name) as entry:
            entry.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    def lines(self, name: str, values: Iterable[Any]) -> int:
        """One JSON value a line; returns how many."""
        count = 0
        with self.entry(name) as entry:
            for value in values:
                entry.line(value)
                count += 1
        return count

    def close(self) -> None:
        self._zip.writestr(DIGESTS, orjson.dumps(self._digests, option=orjson.OPT_INDENT_2))
        self._zip.close()


def path_of(file_id: Any, name: str) -> str:
    """Where a file lies in the archive: its name as every system can unpack it."""
    return f"files/{file_id}/{_NOT_IN_PATHS.sub('_', names.clean(name)).strip(' .') or names.NAMELESS}"
