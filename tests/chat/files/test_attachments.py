"""Who may open a file, and how long it is there."""

import uuid
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from chat import edits, feed, places, transcript
from chat.files import access, attachments, intake, store
from chat.models import Attachment, File, Message
from chat.search import query
from chat.search.find import find
from workspace import spaces
from workspace.errors import NotFound
from workspace.models import AuditLine, Space

pytestmark = pytest.mark.django_db


def opens(member: Any, file: File) -> bool:
    return access.visible_to(member).filter(pk=file.pk).exists()


def test_an_upload_is_its_uploaders_alone_until_a_message_shows_it(juniper: SimpleNamespace) -> None:
    file = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.txt", b"words"))
    before = [opens(member, file) for member in (juniper.ana, juniper.ben, juniper.mei)]

    feed.post(juniper.space, juniper.ben, text="", client_id=uuid.uuid4(), files=[file.pk])

    assert before == [False, True, False]
    assert [opens(member, file) for member in (juniper.ana, juniper.ben, juniper.mei, juniper.gus)] == [True] * 3 + [
        False
    ]


def test_whoever_loses_the_space_loses_its_files_in_that_moment_their_own_too(
    juniper: SimpleNamespace, show: Any
) -> None:
    file, _ = show(juniper.ben, juniper.private)

    places.remove_from_space(juniper.ana, juniper.private, juniper.ben)

    assert not opens(juniper.ben, file) and opens(juniper.ana, file)


def test_a_file_shown_twice_outlives_the_first_message(
    juniper: SimpleNamespace, show: Any, django_capture_on_commit_callbacks: Any
) -> None:
    file, first = show(juniper.ben, juniper.space)
    (second,) = feed.post(juniper.space, juniper.mei, text="", client_id=uuid.uuid4(), files=[file.pk])

    with django_capture_on_commit_callbacks(execute=True):
        attachments.release(first)
    still = store.has(file.key) and opens(juniper.mei, file)
    with django_capture_on_commit_callbacks(execute=True):
        attachments.release(second)

    assert still and not store.has(file.key) and not File.objects.filter(pk=file.pk).exists()


def test_a_deleted_message_shows_no_file_even_before_it_is_swept(juniper: SimpleNamespace, show: Any) -> None:
    file, message = show(juniper.ben, juniper.space)

    Message.objects.filter(pk=message.pk).update(deleted_at=timezone.now(), text="", html="")

    assert not any(opens(member, file) for member in (juniper.ana, juniper.ben, juniper.mei))
    assert feed.load([message.pk])[0].files == []


def test_discarding_takes_it_off_every_message_and_tells_who_sees_them(
    juniper: SimpleNamespace, show: Any, django_capture_on_commit_callbacks: Any
) -> None:
    file, alone = show(juniper.ben, juniper.space)
    (worded,) = feed.post(juniper.space, juniper.ben, text="look", client_id=uuid.uuid4(), files=[file.pk])

    with django_capture_on_commit_callbacks(execute=True):
        attachments.discard(juniper.ben, file)

    changed = {message.pk: message for message in feed.changes(juniper.space, since=worded.revision).messages}
    assert set(changed) == {alone.pk, worded.pk} and changed[alone.pk].is_deleted
    assert changed[worded.pk].text == "look" and changed[worded.pk].files == []
    assert not store.has(file.key) and not Attachment.objects.exists()


def test_only_its_uploader_and_who_manages_the_space_discard_a_file(juniper: SimpleNamespace, show: Any) -> None:
    file, _ = show(juniper.ben, juniper.private)

    with pytest.raises(NotFound):
        attachments.discard(juniper.gus, file)
    attachments.discard(juniper.ana, file)

    assert not Attachment.objects.exists()


def test_what_another_showed_may_be_shown_again_by_who_sees_it_and_nobody_else(
    juniper: SimpleNamespace, show: Any
) -> None:
    file, _ = show(juniper.ben, juniper.private)

    with pytest.raises(NotFound):
        feed.post(juniper.space, juniper.mei, text="", client_id=uuid.uuid4(), files=[file.pk])
    feed.post(juniper.space, juniper.ana, text="", client_id=uuid.uuid4(), files=[file.pk])

    assert opens(juniper.mei, file)


def test_a_message_shows_its_files_in_order_and_each_once(juniper: SimpleNamespace) -> None:
    ids = [intake.take(juniper.ben, juniper.space, SimpleUploadedFile(f"{n}.txt", b"x")).pk for n in range(3)]

    (message,) = feed.post(juniper.space, juniper.ben, text="", client_id=uuid.uuid4(), files=[*ids[::-1], ids[0]])

    assert [file.pk for file in message.files] == [file.pk for file in feed.load([message.pk])[0].files] == ids[::-1]


def test_models_read_the_names_of_files_and_what_texts_say(juniper: SimpleNamespace, show: Any) -> None:
    show(juniper.ben, juniper.space, name="notes.txt", data=b"the harbour opens at nine")
    show(juniper.ben, juniper.space, name="photo.bin", data=b"\x00\x01")
    (question,) = feed.post(juniper.space, juniper.mei, text="When does it open?", client_id=uuid.uuid4())

    lines = transcript.lines(juniper.space, reads_to=question.position, asked_at=timezone.now())
    whole = transcript.build(lines, juniper.space, ai_model_id=1, handle="parrot", max_bytes=20_000)
    tight = transcript.build(lines, juniper.space, ai_model_id=1, handle="parrot", max_bytes=320)

    said = "\n".join(turn.text for turn in whole.turns)
    assert "Ben: [text file: notes.txt]" in said and "the harbour opens at nine" in said and "[file: photo.bin]" in said
    assert "the harbour" not in "\n".join(turn.text for turn in tight.turns)


def test_of_a_long_file_that_is_asked_about_as_much_is_read_as_fits(juniper: SimpleNamespace) -> None:
    file = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("long.txt", b"word " * 3_000))
    (question,) = feed.post(juniper.space, juniper.ben, text="What is it?", client_id=uuid.uuid4(), files=[file.pk])

    lines = transcript.lines(juniper.space, reads_to=question.position, asked_at=timezone.now())
    made = transcript.build(lines, juniper.space, ai_model_id=1, handle="parrot", max_bytes=4_000)
    again = transcript.build(lines, juniper.space, ai_model_id=1, handle="parrot", max_bytes=made.bytes_needed)

    assert "word word" in made.turns[-1].text and "[…]" in made.turns[-1].text
    assert sum(len(turn.text.encode()) for turn in made.turns) <= 4_000 and again.turns == made.turns


def test_discarding_goes_by_what_the_message_says_now(juniper: SimpleNamespace, show: Any) -> None:
    file, message = show(juniper.ben, juniper.space)
    read_before = Attachment.objects.select_related("message__space").get(file=file)
    edits.edit(juniper.ben, message, text="it says something now")

    for _ in range(2):
        attachments._take_off(read_before, by=juniper.ben)

    message.refresh_from_db()
    assert (message.is_deleted, message.text) == (False, "it says something now")
    assert not find(juniper.ben, query.read("has:file", juniper.ben, zone=ZoneInfo("UTC"))).messages


def test_an_archived_space_keeps_a_file_that_is_discarded_elsewhere(
    juniper: SimpleNamespace, show: Any, django_capture_on_commit_callbacks: Any
) -> None:
    file, message = show(juniper.ben, juniper.space)
    feed.post(juniper.private, juniper.ben, text="", client_id=uuid.uuid4(), files=[file.pk])
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        attachments.discard(juniper.ana, file)

    assert [row.message_id for row in Attachment.objects.filter(file=file)] == [message.pk] and store.has(file.key)
    line = AuditLine.objects.get(action="file.discarded")
    assert (line.actor, line.details) == (juniper.ana, {"spaces": [str(juniper.private.pk)]})
    with pytest.raises(spaces.Archived):
        attachments.discard(juniper.ben, file)


def test_a_file_of_many_messages_is_taken_off_a_few_at_a_time(
    juniper: SimpleNamespace, show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "AT_ONCE", 2)
    file, _ = show(juniper.ben, juniper.space)
    for number in range(4):
        feed.post(juniper.space, juniper.ben, text=f"look {number}", client_id=uuid.uuid4(), files=[file.pk])

    attachments.discard(juniper.ana, file)

    assert not Attachment.objects.filter(file=file).exists()
    assert AuditLine.objects.filter(action="file.discarded").count() == 3
