"""The files of an archive: their bytes, and what is said of them.

*Called by*: chat.passages.parley.org_out and member_out. *Keeps true*: what is said of a file is what was written;
a picture that still tells where it was taken stays out; bytes that are lost are named and hold nothing up.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chat.files import store
from chat.models import File, FileKind
from chat.passages.parley import said
from chat.passages.parley.bag import Bag, path_of
from workspace.languages import fill


class Luggage:
    def __init__(self, bag: Bag, step: Callable[[int], None]) -> None:
        self._bag, self._step = bag, step
        self.rows: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def pack(self, files: QuerySet[File]) -> None:
        for row in files.order_by("created_at", "pk").iterator(chunk_size=200):
            if row.is_waiting and row.kind == FileKind.IMAGE:
                self.problems.append(fill(_("“{name}” was still being prepared and is left out."), {"name": row.name}))
            elif pieces := self._open(row):
                self._carry(row, pieces)
            self._step(1)

    def _open(self, row: File) -> Iterator[bytes] | None:
        if row.size_bytes and store.has(row.key):
            return store.pieces(row.key, length=row.size_bytes)
        self.problems.append(fill(_("“{name}” is not where it was kept and is left out."), {"name": row.name}))
        return None

    def _carry(self, row: File, pieces: Iterator[bytes]) -> None:
        path = path_of(row.pk, row.name)
        with self._bag.entry(path) as entry:
            for piece in pieces:
                entry.write(piece)
                self._step(0)
        kept = entry.kept
        self.rows.append({**said.file(row), "path": path, "size_bytes": kept.size_bytes, "sha256": kept.sha256})
