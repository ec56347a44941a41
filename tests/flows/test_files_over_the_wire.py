"""Files through the web process itself: what it takes, what it holds back, and who waits for whom."""

import http.client
import re
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat import feed
from chat.files import intake
from chat.models import File, Passage
from config.edge import UPLOAD_MAX
from tests.browser.conftest import _session_of
from tests.stack import Stack

MB = 1024 * 1024
FORM = 'multipart/form-data; boundary="b"'


def form(data: bytes, key: str, *, field: str = "file") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{key}\r\n'
    head += f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="a.bin"\r\n\r\n'
    return head.encode() + data + b"\r\n--b--\r\n"


@pytest.fixture
def signed_in(stack: Stack, make_org: Callable[..., SimpleNamespace]) -> SimpleNamespace:
    """Ben, with his cookies, at a running web process."""
    return _signed_in(stack, make_org())


def _signed_in(stack: Stack, juniper: SimpleNamespace) -> SimpleNamespace:
    stack.start_web()
    key = "k" * 32
    cookies = f"parley={_session_of(juniper.ben)}; parley-csrf={key}"
    headers = {"Cookie": cookies, "Content-Type": FORM, "Accept": "application/json", "Origin": stack.url}
    return SimpleNamespace(stack=stack, headers=headers, key=key, **vars(juniper))


def call(at: SimpleNamespace, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    wire = http.client.HTTPConnection("127.0.0.1", at.stack.port, timeout=60)
    wire.request(method, path, body, {**at.headers, **headers})
    answer = wire.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    wire.close()
    return answer


def resident_kb(at: SimpleNamespace) -> int:
    status = Path(f"/proc/{at.stack.processes['web'].pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_large_file_comes_in_and_goes_out_without_growing_the_process(signed_in: SimpleNamespace) -> None:
    path, data = f"/spaces/{signed_in.space.pk}/files/", bytes(range(256)) * (20 * MB // 256)
    small = call(signed_in, "POST", path, form(b"\0" * MB, signed_in.key))  # what is imported for the first one stays
    call(signed_in, "GET", File.objects.get().address)
    File.objects.all().delete()
    before = resident_kb(signed_in)

    taken = call(signed_in, "POST", path, form(data, signed_in.key))
    file = File.objects.get()
    given = call(signed_in, "GET", file.address)

    assert small.status == taken.status == 201 and file.size_bytes == 20 * MB
    assert given.status == 200 and given.body == data
    assert resident_kb(signed_in) - before < 15_000


def test_only_addresses_for_files_take_more_than_a_page_does(signed_in: SimpleNamespace) -> None:
    space = signed_in.space.pk
    large, too_large = form(b"x" * 3 * MB, signed_in.key), form(b"x" * UPLOAD_MAX, signed_in.key)

    answers = [call(signed_in, "POST", f"/spaces/{space}/{where}/", large).status for where in ("edit", "members")]
    refused = call(signed_in, "POST", f"/spaces/{space}/files/", too_large)

    assert answers == [413, 413] and refused.status == 413 and b"25 MB" in refused.body
    assert not File.objects.exists()


def test_an_archive_comes_in_for_an_admin_and_nobody_else_fills_a_disk(signed_in: SimpleNamespace) -> None:
    path, archive = f"/orgs/{signed_in.org.slug}/import/", form(b"PK" * 2 * MB, signed_in.key, field="archive")
    page = call(signed_in, "GET", path, Accept="text/html").body.decode()
    action = re.search(r'action="(/orgs/[^"]*permit=[^"]*)"', page)[1]  # type: ignore[index]
    other = {**signed_in.headers, "Cookie": f"parley={_session_of(signed_in.mei)}; parley-csrf={signed_in.key}"}

    bare = call(signed_in, "POST", path, archive)
    foreign = call(signed_in, "POST", action, archive, Cookie=other["Cookie"])
    taken = call(signed_in, "POST", action, archive, Accept="text/html")

    assert (bare.status, foreign.status) == (413, 413) and b"import page again" in bare.body
    assert (taken.status, Passage.objects.get().size_bytes) == (302, 4 * MB)


def test_who_sends_more_at_once_than_there_is_room_for_waits(
    stack: Stack, make_org: Callable[..., SimpleNamespace]
) -> None:
    stack.environment["PARLEY_UPLOADS_MAX_MB"] = "4"
    at = _signed_in(stack, make_org())
    path = f"/spaces/{at.space.pk}/files/"
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{stack.port}", f"Content-Length: {3 * MB}"]
    head += [f"{name}: {value}" for name, value in at.headers.items()]

    def beside_another() -> int:
        """Now and then this one is let in first, and the other finds no room."""
        with socket.create_connection(("127.0.0.1", stack.port), timeout=30) as wire:
            wire.sendall("\r\n".join([*head, "", ""]).encode())
            return int(call(at, "POST", path, form(b"x" * 2 * MB, at.key)).status)

    crowded = _until(beside_another, 429)
    free = _until(lambda: call(at, "POST", path, form(b"x" * 2 * MB, at.key)).status, 201)

    assert (crowded, free) == (429, 201)


def _until(ask: Callable[[], int], wanted: int) -> int:
    """What was asked last: when it was what is wanted, or after a minute."""
    deadline = time.monotonic() + 60
    while (found := ask()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_an_upload_that_is_broken_off_leaves_nothing(signed_in: SimpleNamespace) -> None:
    folder = Path(signed_in.stack.environment["PARLEY_DATA"]) / "files"
    before = len([path for path in folder.rglob("*") if path.is_file()])
    head = [f"POST /spaces/{signed_in.space.pk}/files/ HTTP/1.1", f"Host: 127.0.0.1:{signed_in.stack.port}"]
    head += [f"{name}: {value}" for name, value in signed_in.headers.items()] + [f"Content-Length: {5 * MB}", "", ""]

    with socket.create_connection(("127.0.0.1", signed_in.stack.port), timeout=30) as wire:
        wire.sendall("\r\n".join(head).encode() + form(b"x" * 2 * MB, signed_in.key)[: 2 * MB])
    after = call(signed_in, "GET", "/livez")

    assert after.status == 200 and not File.objects.exists()
    assert len([path for path in folder.rglob("*") if path.is_file()]) == before
    assert b"Traceback" not in signed_in.stack.log("web")


def test_readers_who_sleep_keep_neither_a_connection_nor_the_bytes(signed_in: SimpleNamespace) -> None:
    file = intake.take(signed_in.ben, signed_in.space, SimpleUploadedFile("a.bin", b"\0" * 12 * MB))
    feed.post(signed_in.space, signed_in.ben, text="", client_id=uuid.uuid4(), files=[file.pk])
    call(signed_in, "GET", file.address)
    before, sleepers = resident_kb(signed_in), []
    for _ in range(24):  # more than the process has connections to the database
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", signed_in.stack.port))
        lines = [f"GET {file.address} HTTP/1.1", f"Host: 127.0.0.1:{signed_in.stack.port}"]
        wire.sendall("\r\n".join([*lines, f"Cookie: {signed_in.headers['Cookie']}", "", ""]).encode())
        assert wire.recv(15) == b"HTTP/1.1 200 OK"
        sleepers.append(wire)

    began = time.monotonic()
    page = call(signed_in, "GET", f"/spaces/{signed_in.space.pk}/")
    grown = resident_kb(signed_in) - before
    for wire in sleepers:
        wire.close()

    assert page.status == 200 and time.monotonic() - began < 30
    assert grown < 60_000  # all of them at once would be 288,000
