"""An archive that grows, a carrier that dies, a worker that goes: answers go on, and the passage ends or is begun again.

*Called by*: pytest.
"""

import io
import json
import os
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Message, Passage
from chat.passages import coming
from tests.chat.passages import slack_zip
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts
from tests.flows.acts import words
from tests.stack import Stack
from workspace.models import Member


@pytest.fixture
def juniper(stack: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    return make_org()


def give(member: Member, data: bytes) -> Passage:
    return coming.receive(member, SimpleUploadedFile("export.zip", data))


def state(passage: Passage) -> str:
    passage.refresh_from_db()
    return passage.state


def swelling() -> bytes:
    """A few kB of zip, 60 MB of JSON, gigabytes of lists."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", b"[" + b"[]," * 20_000_000 + b"[]]")
        archive.writestr("channels.json", json.dumps(slack_zip.CHANNELS))
    return out.getvalue()


def long_export() -> bytes:
    """So many days that somebody can die in the middle."""
    files = slack_zip.whole()
    for day in range(1, 29):
        for month in range(1, 3):
            moment = f"1{day:02}{month:02}00000.000100"
            row = {"type": "message", "user": slack_zip.ANA, "text": "*a line* " * 100, "ts": moment}
            files[f"general/2022-{month:02}-{day:02}.json"] = [{**row, "ts": f"{moment}{n}"} for n in range(20)]
    return slack_zip.make(files).read()


def children(stack: Stack, name: str) -> list[int]:
    """The carriers that a worker has begun."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            is_one = entry.name.isdigit() and b"chat.passages.apart" in (entry / "cmdline").read_bytes()
            if is_one and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == stack.processes[name].pid:
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def is_alive(pid: int) -> bool:
    """One that has ended may wait for somebody to ask how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_archive_that_swells_ends_alone_and_answers_go_on(
    stack: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    stack.start_worker()
    passage = give(juniper.ana, swelling())
    provider.script("parrot", Script(deltas=20))

    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot are you there?")

    assert acts.ended(reply).message.text == words(20)
    acts.wait_until(lambda: state(passage) == "failed", what="the end of the archive")
    assert passage.reason == "“users.json” in the archive is too large to be read."
    assert stack.processes["worker"].poll() is None


def test_a_carrier_that_dies_ends_its_passage_with_a_reason(stack: Stack, juniper: SimpleNamespace) -> None:
    stack.start_worker()
    passage = give(juniper.ana, long_export())
    acts.wait_until(lambda: state(passage) == "ready", what="a look at the archive")
    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    acts.wait_until(lambda: Message.objects.count() > 100, what="the middle of the import")

    for pid in children(stack, "worker"):
        os.kill(pid, signal.SIGKILL)

    acts.wait_until(lambda: state(passage) == "failed", what="the end of the import")
    assert passage.reason.startswith("Something went wrong here")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_goes_takes_its_carrier_along_and_another_begins_again(
    stack: Stack, juniper: SimpleNamespace, how: signal.Signals
) -> None:
    stack.start_worker()
    passage = give(juniper.ana, long_export())
    acts.wait_until(lambda: state(passage) == "ready", what="a look at the archive")
    coming.begin(juniper.ana, passage, channel_ids=["C01"])
    acts.wait_until(lambda: Message.objects.count() > 100, what="the middle of the import")
    carriers = children(stack, "worker")

    stack.kill("worker", how)
    acts.wait_until(lambda: not any(map(is_alive, carriers)), what="the carrier's end")
    assert state(passage) == "running"
    Passage.objects.update(leased_until=None, created_at="2024-01-01T00:00:00Z")
    stack.start_worker()
    from chat import tasks

    tasks.wake_carrier([passage.pk])
    acts.wait_until(lambda: state(passage) == "finished", what="the end of the import")

    assert (len(carriers), passage.fence) == (1, 3)
    assert Message.objects.count() == passage.report["messages"] + passage.report["already_here"]
