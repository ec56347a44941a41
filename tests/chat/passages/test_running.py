"""The life of an import: looked at first, begun with what was chosen, stopped between two steps, found again."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from billing import plans
from billing.refusals import PlanLimit
from chat.files import store
from chat.models import Message, Passage, PassageState
from chat.passages import coming, hold, leaving, running
from tests.chat.passages import slack_zip
from workspace.errors import Forbidden, Invalid
from workspace.models import AuditLine, Space

JSON = {"Accept": "application/json"}


def upload(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("export.zip", slack_zip.make().read() if content is None else content)


def looked_at(juniper: SimpleNamespace) -> Passage:
    passage = coming.receive(juniper.ana, upload())
    running.run(passage.pk)
    passage.refresh_from_db()
    return passage


def test_an_archive_is_looked_at_before_anything_is_brought(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)

    assert passage.state == PassageState.READY
    rows = [(row["name"], row["kind"], row.get("messages", 0)) for row in passage.preview["channels"]]
    assert rows == [("general", "public", 5), ("old-things", "public", 1), ("ana, zoe", "direct", 1)] or rows == [
        ("general", "public", 5),
        ("old-things", "public", 1),
        ("ana, Zoë 陳", "direct", 1),
    ]
    assert (passage.preview["people"], passage.preview["people_known"], passage.preview["messages"]) == (3, 1, 7)
    assert not Message.objects.exists()
    assert not Space.objects.filter(name="general").exists()


def test_only_what_was_chosen_is_brought(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)

    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.report["messages"], passage.done, passage.total) == ("finished", 5, 2, 2)
    assert not Space.objects.filter(name="old-things").exists()


def test_of_many_conversations_the_first_are_shown_and_the_rest_is_one_line(juniper: SimpleNamespace) -> None:
    files = slack_zip.whole()
    files["dms.json"] = [{"id": f"D{n:03}", "members": [slack_zip.ANA, f"U{n}"]} for n in range(205)]
    files["channels.json"] = slack_zip.CHANNELS[:1]
    passage = coming.receive(juniper.ana, upload(slack_zip.make(files).read()))
    running.run(passage.pk)
    browser = Client()
    browser.force_login(juniper.ana.user)

    page = browser.get(f"/passages/{passage.pk}/").content.decode()
    browser.post(f"/passages/{passage.pk}/begin/", {"channel": ["C01", "D000"], "rest": ["direct"]})

    passage.refresh_from_db()
    assert page.count('name="channel"') == 201
    assert "5 more of this kind" in page
    assert passage.preview["chosen"] == ["C01", "D000", *(f"D{n}" for n in range(200, 205))]


def test_whoever_carries_a_passage_gets_no_more_memory_than_its_bound() -> None:
    greedy = "from chat.passages import apart; apart.bound(); bytearray(apart.MEMORY_BYTES)"

    done = subprocess.run([sys.executable, "-c", greedy], cwd=settings.ROOT, capture_output=True, text=True)

    assert "MemoryError" in done.stderr


def test_a_wrong_archive_ends_with_the_reason(juniper: SimpleNamespace) -> None:
    passage = coming.receive(juniper.ana, upload(b"hello"))

    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.reason) == ("failed", "This is no zip archive, or it is damaged.")


def test_an_empty_file_is_refused_and_nothing_is_kept(juniper: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="empty"):
        coming.receive(juniper.ana, upload(b""))

    assert not Passage.objects.exists()


def test_members_import_nothing(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)

    with pytest.raises(Forbidden):
        coming.receive(juniper.mei, upload())
    with pytest.raises(Forbidden):
        coming.begin(juniper.mei, passage, channel_ids=["C01"])


def test_one_import_at_a_time(juniper: SimpleNamespace) -> None:
    coming.receive(juniper.ana, upload())

    with pytest.raises(Invalid, match="under way"):
        coming.receive(juniper.ben, upload())


def test_nothing_is_brought_while_the_organization_is_taken_out(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    leaving.ask_org(juniper.ana, is_everything=False)

    with pytest.raises(Invalid, match="under way"):
        coming.begin(juniper.ana, passage, channel_ids=["C01"])

    passage.refresh_from_db()
    assert passage.state == PassageState.READY


def test_of_an_organization_one_archive_is_kept(juniper: SimpleNamespace, django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    first = looked_at(juniper)

    with django_capture_on_commit_callbacks(execute=True):
        second = coming.receive(juniper.ben, upload())

    key = first.key
    first.refresh_from_db()
    assert (first.state, first.key, store.has(key), store.has(second.key)) == ("stopped", "", False, True)


def test_the_archive_of_an_import_that_is_over_is_let_go(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    assert running.let_go() == 0
    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    running.run(passage.pk)

    assert running.let_go() == 1
    assert not store.has(passage.key)


class Broken(SimpleUploadedFile):
    """What cannot be read to its end."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"PK"
        raise OSError("the disk is full")


def test_an_archive_that_could_not_be_kept_holds_nothing_up(juniper: SimpleNamespace) -> None:
    with pytest.raises(OSError, match="full"):
        coming.receive(juniper.ana, Broken("export.zip", b"PK" * 9))

    passage = Passage.objects.get()
    assert (passage.state, passage.key) == ("failed", "")
    assert looked_at(juniper).state == PassageState.READY


def test_no_worker_takes_an_archive_before_all_of_it_is_there(juniper: SimpleNamespace) -> None:
    passage = coming._enter(juniper.ana, 10)

    running.run(passage.pk)

    assert (hold.take(passage.pk), running.forgotten()) == (None, [])


def test_an_archive_that_is_gone_says_so(juniper: SimpleNamespace) -> None:
    passage = coming.receive(juniper.ana, upload())
    store.drop([passage.key])

    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.reason) == ("failed", "The archive is no longer kept. Give it once more.")


def test_a_plan_without_room_for_the_spaces_says_so_before_anything_is_made(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    plans.switch(juniper.org, "starter")
    spaces = Space.objects.count()

    with pytest.raises(PlanLimit):
        coming.begin(juniper.ana, passage, channel_ids=["C01", "C02"])

    passage.refresh_from_db()
    assert (passage.state, Space.objects.count()) == (PassageState.READY, spaces)


def test_a_stop_ends_it_between_two_days_and_the_next_import_goes_on(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    held = hold.take(passage.pk)
    coming.stop(juniper.ana, passage)

    with pytest.raises(hold.Stopped):
        held.tell(2, 2)

    again = looked_at(juniper)
    coming.begin(juniper.ana, again, channel_ids=["C01"])
    running.run(again.pk)
    assert Message.objects.count() == 5


def test_what_a_dead_worker_left_is_found_and_run_again(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    alive = timezone.now() + timedelta(seconds=30)
    Passage.objects.filter(pk=passage.pk).update(state=PassageState.RUNNING, leased_until=alive)
    assert running.forgotten() == []
    running.run(passage.pk)
    assert not Message.objects.exists()

    Passage.objects.filter(pk=passage.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert running.forgotten() == [passage.pk]
    running.run(passage.pk)

    assert Message.objects.count() == 5


def test_archives_are_let_go_with_time(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    assert store.has(passage.key)

    Passage.objects.filter(pk=passage.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert running.let_go() == 1
    assert not store.has(passage.key)


def test_the_trail_says_who_and_not_what(juniper: SimpleNamespace) -> None:
    passage = looked_at(juniper)
    coming.begin(juniper.ana, passage, channel_ids=["C01"])

    lines = AuditLine.objects.filter(action__startswith="import.").order_by("id")
    assert [line.action for line in lines] == ["import.received", "import.begun"]
    assert "Launch" not in str([line.details for line in lines])


def test_the_pages_lead_from_the_archive_to_the_report(juniper: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(juniper.ana.user)

    given = browser.post(f"/orgs/{juniper.org.slug}/import/", {"archive": upload()})
    passage = Passage.objects.get()
    waiting = browser.get(given["Location"]).content.decode()
    running.run(passage.pk)
    preview = browser.get(given["Location"]).content.decode()
    nothing = browser.post(f"/passages/{passage.pk}/begin/", {})
    browser.post(f"/passages/{passage.pk}/begin/", {"channel": ["C01", "D01"]})
    running.run(passage.pk)
    report = browser.get(given["Location"]).content.decode()

    assert "being read" in waiting
    assert "old-things" in preview
    assert (nothing.status_code, "Choose at least one" in nothing.content.decode()) == (422, True)
    assert "New messages" in report
    assert browser.get(given["Location"], headers=JSON).json() == {"state": "finished", "done": 3, "total": 3}
