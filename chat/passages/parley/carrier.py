"""The messages of one Space on their way in: each line as an arrival.

*Called by*: chat.passages.parley.bring. *Keeps true*: a line is data: what it names is looked up among what the same
export named; text becomes HTML here and nowhere else; files are told apart, counted and prepared like any upload.
"""

import tempfile
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from chat import emojis, markdown
from chat.files import intake
from chat.models import File, Message
from chat.passages import arrivals
from chat.passages.arrivals import Arrival, Chosen
from chat.passages.hold import Hold
from chat.passages.parley import answers, places
from chat.passages.parley.crowd import Crowd
from chat.passages.parley.export import Export, Kept, Place
from chat.passages.report import Report
from chat.passages.values import dicts, inside, moment, text, texts
from workspace.errors import Refused
from workspace.languages import fill
from workspace.models import Space

BATCH = 200
NAME = "Parley"
TEXT_MAX = 250_000
EDITS_MAX = 200
FILES_MAX = 10
# Sources whose name a message may go on to bear.
SOURCES = {"Slack", NAME}


class Carrier:
    """`forwards` are copies and their originals, which may stand in a Space that has not come yet."""

    def __init__(
        self, held: Hold, space: Space, place: Place, export: Export, crowd: Crowd, source: str, report: Report
    ) -> None:
        self._held, self._space, self._place, self._export = held, space, place, export
        self._crowd, self._source, self._report = crowd, source, report
        self._moments: dict[uuid.UUID, datetime | None] = {}
        self.forwards: dict[uuid.UUID, uuid.UUID] = {}

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        lines = self._export.lines(self._place)
        while batch := list(islice(lines, BATCH)):
            yield batch

    def write(self, lines: list[dict[str, Any]]) -> None:
        here = self._here([self._id(row.get("id")) for row in lines if text(row.get("id"))])
        pairs = [(each, row) for row in lines if (each := self._arrival(row, here))]
        self._seat_answers([(each, row) for each, row in pairs if each.id not in here])
        found = [each for each, _row in pairs]
        names = self._crowd.handles
        written = arrivals.write(self._held, self._space, found, names=names, brought_from=NAME)
        self._report.counts["messages"] += written
        self._report.counts["already_here"] += len(found) - written
        self._report.counts["reactions"] += sum(len(each.reactions) for each in found if each.id not in here)
        self._date_files()

    def _arrival(self, row: dict[str, Any], here: set[uuid.UUID]) -> Arrival | None:
        author, written_at = self._crowd.of(text(row.get("author"))), moment(row.get("created_at"))
        is_said = author is not None or bool(inside(row.get("ai_model")))
        if not is_said or written_at is None or not text(row.get("id")):
            self._report.counts["left_out"] += 1
            return None
        arrival = Arrival(id=self._id(row["id"]), author=author, text="", created_at=written_at)
        if original := inside(row.get("forwarded_from")):
            self.forwards[arrival.id] = places.message_id(self._space.org, self._source, original)
        if arrival.id not in here:
            self._fill(arrival, row)
        return arrival

    def _fill(self, arrival: Arrival, row: dict[str, Any]) -> None:
        table = list(dicts(row.get("mentions")))
        arrival.text = self._text(row.get("text"), table)
        arrival.parent_id = self._id(row["parent"]) if text(row.get("parent")) else None
        arrival.in_feed = row.get("in_feed") is not False
        arrival.edited_at = moment(row.get("edited_at"))
        arrival.deleted_at = moment(row.get("deleted_at"))
        arrival.deleted_by = self._crowd.of(text(row.get("deleted_by")))
        arrival.pinned_at = moment(row.get("pinned_at"))
        arrival.pinned_by = self._crowd.of(text(row.get("pinned_by"))) if arrival.pinned_at else None
        arrival.brought_from = _known_source(row.get("brought_from"))
        arrival.reactions = list(self._reactions(row))
        edits = islice(dicts(row.get("edits")), EDITS_MAX)
        arrival.edits = [self._edit(each, table, arrival) for each in edits]
        if arrival.deleted_at is None:
            self._attach(arrival, texts(row.get("files"))[:FILES_MAX])
        if ai_model := self._crowd.ai_model(row.get("ai_model")) if inside(row.get("ai_model")) else None:
            arrival.reply = answers.reply(row, arrival, ai_model, self._id, self._crowd)

    def _seat_answers(self, new: list[tuple[Arrival, dict[str, Any]]]) -> None:
        """An answer whose question stands in this Space becomes the model's own; else somebody stands in for it."""
        replies = [each.reply for each, _row in new if each.reply]
        questions = self._here([reply.question_id for reply in replies]) | {each.id for each, _row in new}
        free = answers.known(replies)
        for each, row in new:
            reply = each.reply
            if reply and reply.question_id in questions - {each.id}:
                each.author, each.ai_model = None, reply.ai_model
                answers.link(reply, free)
            elif inside(row.get("ai_model")):
                each.author, each.reply = self._crowd.stand_in(row["ai_model"]), None

    def _reactions(self, row: dict[str, Any]) -> Iterator[Chosen]:
        for each in dicts(row.get("reactions")):
            emoji, member = text(each.get("emoji")), self._crowd.of(text(each.get("member")))
            if member and emojis.spelled(emoji):
                yield member, emoji, moment(each.get("at"))

    def _attach(self, arrival: Arrival, ids: list[str]) -> None:
        for file_id in ids:
            kept = self._export.files.get(file_id)
            if file := self._file(kept) if kept else None:
                arrival.files.append(file)
        if not arrival.files and not arrival.text.strip():
            names = [self._export.files[each].name for each in ids if each in self._export.files]
            arrival.text = "\n".join(f"📎 {name}" for name in names)

    def _file(self, kept: Kept) -> File | None:
        pk = arrivals.id_of(self._space.org, self._source, "file", kept.id)
        self._held.breathe()
        self._held.check()
        if here := File.objects.filter(org=self._space.org, pk=pk).first():
            self._moments[pk] = kept.created_at
            return here
        if kept.id in self._export.left_out:
            return None
        try:
            file = self._unpacked(kept, pk)
        except Refused as refusal:
            self._export.left_out.add(kept.id)
            words = _("“{name}” was left out: {reason}")
            self._report.problems.append(fill(words, {"name": kept.name, "reason": str(refusal.message)}))
            return None
        self._report.counts["files_brought"] += 1
        self._moments[pk] = kept.created_at
        return file

    def _unpacked(self, kept: Kept, pk: uuid.UUID) -> File:
        if kept.size_bytes > settings.FILE_MAX_BYTES:
            raise intake.TooLarge(intake.too_large())
        with tempfile.TemporaryFile() as bytes_of:
            # A little that packs much is not unpacked to the end.
            for piece in self._export.archive.pieces(kept.path, most=settings.FILE_MAX_BYTES):
                bytes_of.write(piece)
            size = bytes_of.tell()
            bytes_of.seek(0)
            upload = UploadedFile(file=bytes_of, name=kept.name, size=size)
            return intake.bring(self._space.org, self._crowd.of(kept.uploader), upload, pk=pk)

    def _date_files(self) -> None:
        """Only once a message shows them: what is old and shown nowhere is swept away."""
        for pk, at in self._moments.items():
            if at is not None:
                File.objects.filter(pk=pk).update(created_at=at)
        self._moments.clear()

    def _edit(self, row: dict[str, Any], table: list[dict[str, Any]], arrival: Arrival) -> tuple[str, str, datetime]:
        said = self._text(row.get("text"), table)
        until = moment(row.get("until")) or arrival.edited_at or arrival.created_at
        self._held.breathe()
        return said, markdown.render(said, self._crowd.handles), until

    def _text(self, value: Any, table: list[dict[str, Any]]) -> str:
        return self._crowd.marked(text(value)[:TEXT_MAX], table)

    def _here(self, ids: list[uuid.UUID]) -> set[uuid.UUID]:
        return set(Message.objects.filter(space=self._space, pk__in=ids).values_list("pk", flat=True))

    def _id(self, source_id: Any) -> uuid.UUID:
        """Ids hold for one Space, so that nothing named here can be of another."""
        return places.message_id(self._space.org, self._source, {"space": self._place.id, "message": source_id})


def _known_source(value: Any) -> str:
    name = text(value)
    return name if name in SOURCES else NAME
