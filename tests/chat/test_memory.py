"""What a Space remembers, and how much of it a model is given."""

import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chat import broadcast, deletions, edits, feed, memory
from chat.memory import Memory
from chat.models import Message, Note, Reply
from tests.meanwhile import meanwhile
from workspace import spaces
from workspace.errors import Invalid, NotFound
from workspace.models import AuditLine, Space, SpaceMember, SpaceRole


def texts(space: Space) -> list[str]:
    return [note.text for note in memory.listed(space)]


def test_a_note_has_an_author_and_says_who_changed_it(juniper: SimpleNamespace) -> None:
    note = memory.add(juniper.mei, juniper.space, text="  The offsite is on 12 March.\r\nIn Lisbon. ")

    changed = memory.change(juniper.ben, note, text="The offsite is on 13 March.")

    assert texts(juniper.space) == ["The offsite is on 13 March."]
    assert (changed.author, changed.changed_by) == (juniper.mei, juniper.ben)
    assert changed.changed_at and changed.changed_at > changed.created_at


def test_the_trail_says_who_noted_and_never_what(juniper: SimpleNamespace) -> None:
    note = memory.add(juniper.mei, juniper.space, text="The password is swordfish")
    memory.change(juniper.mei, note, text="The password is marlin")
    memory.remove(juniper.ben, note)
    memory.remove(juniper.ben, note)

    lines = AuditLine.objects.filter(subject=str(juniper.space.pk), action__startswith="note.").order_by("pk")
    assert [(line.action, line.actor) for line in lines] == [
        ("note.added", juniper.mei),
        ("note.changed", juniper.mei),
        ("note.removed", juniper.ben),
    ]
    assert not any("password" in str(line.details) for line in lines)


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "a\x00b", "\ud800", "x" * (memory.TEXT_MAX + 1)])
def test_a_text_that_is_none_is_not_noted(juniper: SimpleNamespace, text: str) -> None:
    with pytest.raises(Invalid):
        memory.add(juniper.mei, juniper.space, text=text)

    assert texts(juniper.space) == []


def test_a_space_holds_a_hundred_notes(juniper: SimpleNamespace) -> None:
    rows = [
        Note(org=juniper.org, space=juniper.space, author=juniper.mei, text="x") for _ in range(memory.NOTES_MAX - 1)
    ]
    Note.objects.bulk_create(rows)

    memory.add(juniper.mei, juniper.space, text="the last one")
    with pytest.raises(Invalid, match="at most 100 notes"):
        memory.add(juniper.mei, juniper.space, text="one too many")


def test_a_message_is_noted_once_with_the_names_that_it_says(juniper: SimpleNamespace) -> None:
    (message,) = feed.post(juniper.space, juniper.mei, text="@ben books the trains", client_id=uuid.uuid4())
    (long,) = feed.post(juniper.space, juniper.mei, text="word " * 1_000, client_id=uuid.uuid4())

    first, again = memory.keep(juniper.ana, message), memory.keep(juniper.mei, message)
    cut = memory.keep(juniper.ana, long)

    assert (first.pk, first.text, first.author) == (again.pk, "@ben books the trains", juniper.ana)
    assert len(cut.text) <= memory.TEXT_MAX and cut.text.endswith("[…]")


def test_viewers_and_an_archive_note_nothing(juniper: SimpleNamespace) -> None:
    note = memory.add(juniper.mei, juniper.space, text="kept")
    (message,) = feed.post(juniper.space, juniper.mei, text="Hello", client_id=uuid.uuid4())
    verbs = (
        lambda: memory.add(juniper.mei, juniper.space, text="more"),
        lambda: memory.keep(juniper.mei, message),
        lambda: memory.change(juniper.mei, note, text="other"),
        lambda: memory.remove(juniper.mei, note),
    )

    seat = SpaceMember.objects.filter(space=juniper.space, member=juniper.mei)
    seat.update(role=SpaceRole.VIEWER)
    for verb in verbs:
        with pytest.raises(spaces.ReadOnly):
            verb()
    seat.update(role=SpaceRole.OWNER)
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())
    for verb in verbs:
        with pytest.raises(spaces.Archived):
            verb()

    assert texts(juniper.space) == ["kept"]


def test_a_model_reads_instructions_first_and_then_the_notes_oldest_first(juniper: SimpleNamespace) -> None:
    Space.objects.filter(pk=juniper.space.pk).update(instructions="Answer in French.")
    for text in ("one", "two\n- three (noted by Ana, 2020-01-01)"):
        memory.add(juniper.mei, juniper.space, text=text)
    today = f"{timezone.now():%Y-%m-%d}"

    given = memory.fit(memory.read(Space.objects.get(pk=juniper.space.pk)), max_bytes=5_000)

    assert given.notes_count == 2
    assert given.text == (
        "Instructions for this chat, written by its members:\nAnswer in French.\n\n"
        "What its members noted for everybody who answers here:\n"
        f"- one (noted by Mei, {today})\n"
        f"- two\n  - three (noted by Ana, 2020-01-01) (noted by Mei, {today})"
    )


def test_an_answer_says_what_it_was_given_and_leads_there(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    answer = feed.post(juniper.space, juniper.ana, text="@parrot hi", client_id=uuid.uuid4())[1]
    ended = {"state": "finished", "ended_at": timezone.now(), "provider_name": "Nobody"}
    shown = []

    for memory_bytes, notes_count in ((90, 2), (90, 1), (90, 0), (0, 0)):
        Reply.objects.filter(message=answer).update(memory_bytes=memory_bytes, notes_count=notes_count, **ended)
        (row,) = feed.load([answer.pk])
        html = str(broadcast.as_json(row)["html"])
        shown.append(re.findall(r'href="(/spaces/[^"]*/notes/)" data-opens-panel><span[^>]*>([^<]*)', html))

    notes = f"/spaces/{juniper.space.pk}/notes/"
    assert shown == [[(notes, "with 2 notes")], [(notes, "with 1 note")], [(notes, "with instructions")], []]


def test_what_does_not_fit_is_left_out_and_the_newest_notes_stay() -> None:
    remembered = Memory("", tuple(f"- note {number:03}" for number in reversed(range(100))))

    given = memory.fit(remembered, max_bytes=200)

    assert given.text.splitlines()[-1] == "- note 099"
    assert 5 < given.notes_count < 20


@given(
    instructions=st.text(max_size=400),
    notes=st.lists(st.text(min_size=1, max_size=80), max_size=12),
    max_bytes=st.integers(0, 900),
)
def test_what_is_given_fits_and_fits_again_in_what_it_took(instructions: str, notes: list[str], max_bytes: int) -> None:
    remembered = Memory(instructions.strip(), tuple(notes))

    first = memory.fit(remembered, max_bytes=max_bytes)
    again = memory.fit(remembered, max_bytes=len(first.text.encode()))

    assert len(first.text.encode()) <= max_bytes
    assert again == first


def test_a_note_that_was_removed_meanwhile_is_not_there_to_be_changed(juniper: SimpleNamespace) -> None:
    note = memory.add(juniper.mei, juniper.space, text="The offsite is on 12 March.")
    read_before = Note.objects.get(pk=note.pk)
    memory.remove(juniper.ben, note)

    with pytest.raises(NotFound):
        memory.change(juniper.mei, read_before, text="The offsite is on 13 March.")

    assert not AuditLine.objects.filter(action="note.changed").exists()


def test_a_message_that_was_edited_or_deleted_meanwhile_is_noted_as_it_stands(juniper: SimpleNamespace) -> None:
    (edited,) = feed.post(juniper.space, juniper.mei, text="on Monday", client_id=uuid.uuid4())
    (deleted,) = feed.post(juniper.space, juniper.mei, text="never mind", client_id=uuid.uuid4())
    first, second = Message.objects.select_related("space").filter(space=juniper.space).order_by("position")
    edits.edit(juniper.mei, edited, text="on Tuesday")
    deletions.delete(juniper.mei, deleted)

    note = memory.keep(juniper.ben, first)
    with pytest.raises(feed.Deleted):
        memory.keep(juniper.ben, second)

    assert texts(juniper.space) == [note.text] == ["on Tuesday"]


def test_two_who_note_a_message_at_once_make_one_note(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    (message,) = feed.post(juniper.space, juniper.mei, text="remember this", client_id=uuid.uuid4())

    with meanwhile(lambda: memory.keep(juniper.ben, message)) as outcome:
        memory.keep(juniper.mei, message)

    assert outcome == ["done"] and texts(juniper.space) == ["remember this"]
