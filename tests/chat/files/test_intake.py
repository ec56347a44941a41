"""Uploading, through the real address: names, sizes, quota, pace, and who may."""

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.urls import reverse

from billing.models import Plan
from billing.refusals import PlanLimit
from chat.files import attachments, intake, names, store, sweeping
from chat.models import File
from tests.chat.files.conftest import JSON
from tests.chat.files.test_names import NAMES
from tests.doubles import uploads
from workspace.models import SpaceMember, SpaceRole


def sentence(answer: Any) -> str:
    return str(json.loads(answer.content)["error"]["sentence"])


def test_a_file_is_kept_under_a_key_that_tells_nothing(send: Any, juniper: SimpleNamespace) -> None:
    answer = send("plan.txt", b"words")

    file = File.objects.get(pk=answer.json()["file"]["id"])
    assert answer.status_code == 201 and answer.json()["file"]["name"] == "plan.txt"
    assert (file.uploader, file.kind, file.size_bytes) == (juniper.ben, "text", 5)
    assert file.excerpt == "words" and store.read(file.key, length=5) == b"words"
    assert "plan" not in file.key and str(file.pk)[:8] not in file.key


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if name.strip(". /\\\u200d") and name.isprintable() or "\r" in name],
    ids=str.__len__,
)
def test_a_hostile_name_goes_no_further_than_the_page(name: str, send: Any, juniper: SimpleNamespace) -> None:
    answer = send(name, b"words")

    assert answer.status_code == 201
    file = File.objects.get(pk=answer.json()["file"]["id"])
    assert not {"/", "\\", "\r", "\n", "\x00", "\u202e"} & set(file.name)
    assert file.name == names.clean(file.name)


def test_what_the_name_and_the_browser_say_it_is_does_not_count(send: Any) -> None:
    page = send("picture.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    picture = send("notes.txt", uploads.picture())

    assert [answer.json()["file"]["kind"] for answer in (page, picture)] == ["text", "image"]


def test_nothing_and_no_file_are_refused_in_words(send: Any, juniper: SimpleNamespace, browser_of: Any) -> None:
    empty = send("a.txt", b"")
    none = browser_of(juniper.ben).post(reverse("space_files", args=[juniper.space.pk]), {"a": "b"}, headers=JSON)

    assert (empty.status_code, none.status_code) == (422, 422)
    assert "empty" in sentence(empty) and "No file" in sentence(none)
    assert not File.objects.exists()


def test_a_file_that_is_too_large_says_how_much_fits(send: Any, settings: Any) -> None:
    settings.FILE_MAX_BYTES = 1024 * 1024

    answer = send("a.bin", b"\0" * (1024 * 1024 + 1))

    assert (answer.status_code, sentence(answer)) == (413, "The file is too large: at most 1 MB fit in one.")
    assert not File.objects.exists()


def test_a_viewer_and_an_archived_space_take_no_file(send: Any, juniper: SimpleNamespace) -> None:
    SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).update(role=SpaceRole.VIEWER)

    answer = send("a.txt", b"words", member=juniper.mei)

    assert answer.status_code == 403
    assert not File.objects.exists()


def test_one_member_cannot_bring_files_without_end(send: Any, juniper: SimpleNamespace, monkeypatch: Any) -> None:
    monkeypatch.setattr(intake, "RATE_MAX", 2)

    codes = [send("a.txt", b"words").status_code for _ in range(3)]
    other = send("a.txt", b"words", member=juniper.mei)

    assert codes == [201, 201, 429] and other.status_code == 201


def test_a_full_plan_says_which_plan_holds_more(send: Any) -> None:
    Plan.objects.filter(slug="business").update(max_storage_mb=0)

    answer = send("a.txt", b"words")

    assert answer.status_code == 402
    assert sentence(answer) == "The Business plan allows 0 GB of files. The Enterprise plan allows more."
    assert not File.objects.exists()


def test_two_at_once_do_not_both_take_the_last_room(committed_db: None, make_org: Any) -> None:
    juniper = make_org()
    Plan.objects.filter(slug="business").update(max_storage_mb=1)
    refused: list[str] = []
    start = threading.Barrier(2)

    def bring() -> None:
        try:
            start.wait()
            intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.bin", b"\0" * 700_000))
        except PlanLimit as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Plan.objects.filter(slug="business").update(max_storage_mb=100 * 1024)

    assert refused == ["plan_limit"] and File.objects.count() == 1


def test_a_file_that_could_not_be_kept_leaves_neither_row_nor_bytes(
    juniper: SimpleNamespace, settings: Any, tmp_path: Path
) -> None:
    blocked = tmp_path / "files"
    blocked.write_text("no folder")
    options = {**settings.STORAGES["files"]["OPTIONS"], "location": blocked}
    settings.STORAGES = {**settings.STORAGES, "files": {**settings.STORAGES["files"], "OPTIONS": options}}

    with pytest.raises(OSError):
        intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.txt", b"words"))

    assert not File.objects.exists()


def test_an_upload_that_was_never_sent_goes_after_a_day(juniper: SimpleNamespace, show: Any) -> None:
    shown, _ = show(juniper.ben, juniper.space)
    unsent = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("b.txt", b"words"))

    early = sweeping.sweep()
    long_ago = "2020-01-01T00:00:00Z"
    File.objects.update(created_at=long_ago)
    late = sweeping.sweep()

    assert (early, late) == (0, 1)
    assert list(File.objects.values_list("pk", flat=True)) == [shown.pk]
    assert store.has(shown.key) and not store.has(unsent.key)


def test_a_form_without_scripts_posts_its_files_with_the_message(juniper: SimpleNamespace, browser_of: Any) -> None:
    path = reverse("messages", args=[juniper.space.pk])
    files = [SimpleUploadedFile(f"{name}.txt", b"words") for name in "ab"]

    answer = browser_of(juniper.ben).post(path, {"text": "", "file": files})

    page = browser_of(juniper.mei).get(answer["Location"]).content.decode()
    assert answer.status_code == 302 and "a.txt" in page and "b.txt" in page


def test_a_form_with_too_many_files_keeps_none(juniper: SimpleNamespace, browser_of: Any) -> None:
    path = reverse("messages", args=[juniper.space.pk])
    files = [SimpleUploadedFile(f"{number}.txt", b"words") for number in range(attachments.COUNT_MAX + 1)]

    answer = browser_of(juniper.ben).post(path, {"text": "hello", "file": files}, headers=JSON)

    assert answer.status_code == 422 and not File.objects.exists()
