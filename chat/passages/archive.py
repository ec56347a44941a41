"""A zip archive that somebody gave us, opened with suspicion.

*Called by*: chat.passages.slack, chat.passages.parley. *Keeps true*: nothing is ever unpacked to a path; an entry, and
the list of entries, is read within a bound on its size and on the sum of all.
"""

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, cast

import orjson
from django.utils.translation import gettext as _

from workspace.errors import Invalid
from workspace.languages import fill

ENTRIES_MAX = 500_000
# Of the list of all entries, which is read whole: each takes some ten times as much once it is read.
DIRECTORY_MAX = 48_000_000
JSON_MAX = 48_000_000
# What JSON may weigh as objects: whoever reads it has a gigabyte in all (chat.passages.apart).
WEIGHT_MAX = 400_000_000
PEOPLE_MAX = 50_000
PLACES_MAX = 5_000
TOTAL_MAX = 8_000_000_000
PIECE = 128 * 1024


class WrongArchive(Invalid):
    code = "wrong_archive"
    status = 422


def require_few(people: int, places: int) -> None:
    """Raises WrongArchive for more than one import brings, and one page shows."""
    if people > PEOPLE_MAX:
        words = _("The archive names {count} people; at most {most} are brought at once.")
        raise WrongArchive(fill(words, {"count": people, "most": PEOPLE_MAX}))
    if places > PLACES_MAX:
        words = _("The archive names {count} channels and conversations; at most {most} are brought at once.")
        raise WrongArchive(fill(words, {"count": places, "most": PLACES_MAX}))


def _weight(data: bytes) -> int:
    """What it takes at most once it is read: so much for a list or an object, and for each thing in one."""
    return 2 * len(data) + 240 * (data.count(b"{") + data.count(b"[")) + 100 * data.count(b",")


class _Bounded:
    """The file, of which no more is read at once than the list of entries may take: only that is read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY_MAX:
            raise WrongArchive(_("The archive holds more files than are read."))
        return self._file.read(size)


class Archive:
    """Entries by their path below the folder that holds `landmark`, the file that every export of this kind has."""

    def __init__(self, file: IO[bytes], *, landmarks: tuple[str, ...], total_max: int = TOTAL_MAX) -> None:
        try:
            self._zip = zipfile.ZipFile(cast(IO[bytes], _Bounded(file)))
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
            raise WrongArchive(_("This is no zip archive, or it is damaged.")) from None
        if len(entries) > ENTRIES_MAX:
            counts = {"count": len(entries), "most": ENTRIES_MAX}
            raise WrongArchive(fill(_("The archive holds {count} files; at most {most} are read."), counts))
        self._read_bytes, self._total_max = 0, total_max
        self._entries = {entry.filename: entry for entry in entries if not entry.is_dir()}
        self._root = self._find_root(landmarks)
        self.names = sorted(
            name[len(self._root) :] for name in self._entries if name.startswith(self._root) and self._is_plain(name)
        )

    def has(self, name: str) -> bool:
        return self._root + name in self._entries

    def size(self, name: str) -> int:
        return self._entries[self._root + name].file_size

    def json(self, name: str) -> Any:
        """What the file says. Raises WrongArchive where it cannot be read, naming it."""
        data = self.read(name, most=JSON_MAX)
        if _weight(data) > WEIGHT_MAX:
            raise WrongArchive(fill(_("“{name}” in the archive is too large to be read."), {"name": name}))
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(data)
        try:
            return json.loads(data)  # half characters, which orjson refuses, stand in old exports
        except (ValueError, RecursionError):
            raise WrongArchive(fill(_("“{name}” in the archive is no JSON."), {"name": name})) from None

    def read(self, name: str, *, most: int) -> bytes:
        """The bytes of one entry; what it claims to be is not believed."""
        return b"".join(self.pieces(name, most=most))

    def pieces(self, name: str, *, most: int = TOTAL_MAX) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        entry, size = self._entries[self._root + name], 0
        if entry.flag_bits & 0x1:
            raise WrongArchive(_("The archive is encrypted. Export it without a password."))
        try:
            with self._zip.open(entry) as stream:
                while piece := stream.read(PIECE):
                    size += len(piece)
                    self._read_bytes += len(piece)
                    if size > most or self._read_bytes > self._total_max:
                        break
                    yield piece
                else:
                    return
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
            raise WrongArchive(fill(_("“{name}” in the archive is damaged."), {"name": name})) from None
        raise WrongArchive(fill(_("“{name}” in the archive is too large to be read."), {"name": name}))

    def lines(self, name: str, *, most: int) -> Iterator[bytes]:
        """The lines of one entry, each at most so long."""
        rest = b""
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > most:
                raise WrongArchive(fill(_("“{name}” in the archive is too large to be read."), {"name": name}))
        if rest:
            yield rest

    def _find_root(self, landmarks: tuple[str, ...]) -> str:
        """The folder that holds the landmark, at the top or one below: some people zip the folder."""
        for name in sorted(self._entries, key=lambda each: each.count("/")):
            path = PurePosixPath(name)
            if path.name in landmarks and len(path.parts) <= 2 and self._is_plain(name):
                return name[: -len(path.name)]
        return ""

    @staticmethod
    def _is_plain(name: str) -> bool:
        path = PurePosixPath(name)
        return not path.is_absolute() and ".." not in path.parts and "__MACOSX" not in path.parts
