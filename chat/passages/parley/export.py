"""An export of Parley as people, places, files and lines.

*Called by*: chat.passages.sources, chat.passages.parley.bring. *Keeps true*: whatever the archive holds, what comes out
has the shapes below; an archive that lacks a part, or holds one that was changed, is refused with the part's name.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _

from chat.passages.archive import TOTAL_MAX, Archive, WrongArchive, require_few
from chat.passages.parley import FORMAT, MEMBER, ORG, VERSION
from chat.passages.parley.bag import DIGESTS
from chat.passages.people import Person
from chat.passages.values import count, dicts, inside, line, moment, text
from workspace.languages import fill
from workspace.models import Role, SpaceKind, SpaceRole

LANDMARK = "parley.json"
LINE_MAX = 4_000_000
ID_MAX = 64


@dataclass(frozen=True)
class Somebody(Person):
    handle: str = ""
    role: str = Role.MEMBER
    created_at: datetime | None = None
    left_at: datetime | None = None
    picture: str = ""  # where it lies in the archive


@dataclass(frozen=True)
class Note:
    id: str
    author: str
    text: str
    message: str
    created_at: datetime | None
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True)
class Place:
    """A Space; `kind` is public, private or direct."""

    id: str
    kind: str
    name: str
    topic: str
    description: str
    instructions: str
    created_at: datetime | None
    archived_at: datetime | None
    seats: list[tuple[str, str, datetime | None]]  # a member's id, their role, since when
    notes: list[Note]
    messages: int


@dataclass(frozen=True)
class Kept:
    """A file whose bytes the archive holds."""

    id: str
    name: str
    uploader: str
    path: str
    size_bytes: int
    created_at: datetime | None


@dataclass
class Export:
    archive: Archive
    org_id: str
    org_name: str
    people: dict[str, Somebody]
    channels: list[Place]
    problems: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)  # files that could not be brought: each is tried once

    @cached_property
    def files(self) -> dict[str, Kept]:
        rows = _list(self.archive, "files.json") if self.archive.has("files.json") else []
        return {row.id: row for row in (_file(self.archive, row) for row in rows) if row}

    def lines(self, place: Place) -> Iterator[dict[str, Any]]:
        """What was said, in order: the objects among the lines, whatever else there is."""
        name = f"messages/{place.id}.jsonl"
        if not self.archive.has(name):
            return
        broken = 0
        for raw in self.archive.lines(name, most=LINE_MAX):
            try:
                row = orjson.loads(raw)
            except orjson.JSONDecodeError:
                row = None
            if isinstance(row, dict):
                yield row
            else:
                broken += 1
        if broken:
            words = _("“{name}” holds {count} lines that say nothing.")
            self.problems.append(fill(words, {"name": name, "count": broken}))


def is_one(file: IO[bytes]) -> bool:
    """Whether it is ours at all. Raises WrongArchive for what is no archive."""
    return Archive(file, landmarks=(LANDMARK,)).has(LANDMARK)


def open_export(file: IO[bytes]) -> Export:
    """Raises WrongArchive, in words, for anything that is no export of an organization that this version can read."""
    archive = Archive(file, landmarks=(LANDMARK,), total_max=3 * TOTAL_MAX)
    facts = inside(archive.json(LANDMARK))
    if facts.get("format") != FORMAT or type(facts.get("version")) is not int:
        raise WrongArchive(_("“parley.json” in the archive does not say that this is an export of Parley."))
    if facts["version"] > VERSION:
        raise WrongArchive(_("The archive comes from a newer Parley. Update this server first."))
    if facts.get("holds") == MEMBER:
        raise WrongArchive(_("This is one person’s own data. Only an export of an organization can be imported."))
    org = inside(facts.get("org"))
    org_id = text(org.get("id")).strip()[:ID_MAX]
    if facts.get("holds") != ORG or not org_id:
        raise WrongArchive(_("“parley.json” in the archive does not say of which organization this is an export."))
    people = {each.id: each for row in _list(archive, "members.json") if (each := _person(archive, row))}
    places = {each.id: each for each in map(_place, _list(archive, "spaces.json")) if each}
    require_few(len(people), len(places))
    if not places:
        raise WrongArchive(_("The archive names no Spaces, so there is nothing to bring in."))
    return Export(archive, org_id, line(org.get("name"), 80), people, list(places.values()))


def check(export: Export, tell: Callable[[int, int], None]) -> None:
    """Raises WrongArchive for a part that is not what was exported. `tell(done, total)` counts kilobytes."""
    archive = export.archive
    if not archive.has(DIGESTS):
        raise _changed(DIGESTS)
    digests = inside(archive.json(DIGESTS))
    names = {name for name in archive.names if name != DIGESTS}
    for name in [*(digests.keys() - names), *(name for name in names - digests.keys() if _counts(name))]:
        raise _changed(str(name))
    read, total = 0, sum(archive.size(name) for name in digests)
    for name, expected in digests.items():
        digest = hashlib.sha256()
        for piece in archive.pieces(name):
            digest.update(piece)
            read += len(piece)
            tell(min(read, total) // 1024, total // 1024 + 1)
        if digest.hexdigest() != expected:
            raise _changed(name)


def _counts(name: str) -> bool:
    """Whether it would be read: what a system of files leaves in a folder is not."""
    return name.endswith((".json", ".jsonl")) or name.startswith(("files/", "pictures/"))


def _changed(name: str) -> WrongArchive:
    words = _("“{name}” in the archive is not what was exported: the archive was changed, or is not whole.")
    return WrongArchive(fill(words, {"name": name[:200]}))


def _list(archive: Archive, name: str) -> list[dict[str, Any]]:
    if not archive.has(name):
        raise WrongArchive(fill(_("The archive has no “{name}”, so it is not whole."), {"name": name}))
    rows = archive.json(name)
    if not isinstance(rows, list):
        raise WrongArchive(fill(_("“{name}” in the archive holds no list."), {"name": name}))
    return list(dicts(rows))


def _person(archive: Archive, row: dict[str, Any]) -> Somebody | None:
    member_id, name = _id(row.get("id")), line(row.get("name"), 80)
    picture = text(row.get("picture"))
    if not member_id:
        return None
    return Somebody(
        id=member_id,
        name=name or member_id,
        email=text(row.get("email")).strip().lower()[:254],
        title=line(row.get("title"), 80),
        handle=text(row.get("handle")).strip().lower()[:40],
        role=text(row.get("role")),
        created_at=moment(row.get("created_at")),
        left_at=moment(row.get("left_at")),
        picture=picture if picture.startswith("pictures/") and archive.has(picture) else "",
    )


def _place(row: dict[str, Any]) -> Place | None:
    space_id, is_direct = _id(row.get("id")), row.get("kind") == SpaceKind.DIRECT
    if not space_id or "/" in space_id:
        return None
    return Place(
        id=space_id,
        kind="direct" if is_direct else "private" if row.get("is_private") is True else "public",
        name=line(row.get("name"), 80) or ("" if is_direct else space_id[:80]),
        topic=line(row.get("topic"), 250),
        description=text(row.get("description")).strip()[:1000],
        instructions=text(row.get("instructions")).strip()[:8000],
        created_at=moment(row.get("created_at")),
        archived_at=moment(row.get("archived_at")),
        seats=[_seat(each) for each in dicts(row.get("members")) if _id(each.get("member"))],
        notes=[note for note in map(_note, dicts(row.get("notes"))) if note],
        messages=count(row.get("messages")) or 0,
    )


def _seat(row: dict[str, Any]) -> tuple[str, str, datetime | None]:
    role = text(row.get("role"))
    known = role if role in SpaceRole.values else SpaceRole.VIEWER
    return _id(row.get("member")), known, moment(row.get("joined_at"))


def _note(row: dict[str, Any]) -> Note | None:
    said = text(row.get("text")).strip()[:2000]
    if not said or not _id(row.get("id")):
        return None
    return Note(
        id=_id(row.get("id")),
        author=_id(row.get("author")),
        text=said,
        message=_id(row.get("message")),
        created_at=moment(row.get("created_at")),
        changed_at=moment(row.get("changed_at")),
        changed_by=_id(row.get("changed_by")),
    )


def _file(archive: Archive, row: dict[str, Any]) -> Kept | None:
    file_id, path = _id(row.get("id")), text(row.get("path"))
    if not file_id or not path.startswith("files/") or not archive.has(path):
        return None
    name, uploader = text(row.get("name"))[:255], _id(row.get("uploader"))
    return Kept(file_id, name, uploader, path, archive.size(path), moment(row.get("created_at")))


def _id(value: Any) -> str:
    return text(value).strip()[:ID_MAX]
