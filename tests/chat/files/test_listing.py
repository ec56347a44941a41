"""Lists of files: newest first, page by page, for who may see them; a page costs the same however much there is."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import feed
from chat.files import intake, listing
from chat.files.listing import Filters
from chat.models import Attachment
from workspace.models import Member, Space

pytestmark = pytest.mark.django_db


def share(space: Space, member: Member, name: str) -> None:
    row = intake.take(member, space, SimpleUploadedFile(name, b"one"))
    feed.post(space, member, text="", client_id=uuid.uuid4(), files=[row.pk])


def names(found: listing.Found) -> list[str]:
    return [row.file.name for row in found.rows]


def test_pages_follow_each_other_without_a_gap(juniper: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for number in range(5):
        share(juniper.space, juniper.ben, f"{number}.txt")

    pages, before = [], None
    while True:
        found = listing.of_org(juniper.mei, Filters(before=before))
        pages.append(names(found))
        if not found.older:
            break
        before = found.rows[-1].pk
        share(juniper.space, juniper.ben, "meanwhile.txt")

    assert pages == [["4.txt", "3.txt"], ["2.txt", "1.txt"], ["0.txt"]]


def test_whom_one_can_choose_says_nothing_of_where_they_share(juniper: SimpleNamespace) -> None:
    share(juniper.private, juniper.gus, "secret.txt")

    of_org, of_space = listing.of_org(juniper.mei, Filters()), listing.of_space(juniper.mei, juniper.space, Filters())
    of_guest = listing.of_org(juniper.gus, Filters())

    assert names(of_org) == names(of_space) == []
    assert {person.handle for person in of_org.people} == {"ana", "ben", "mei", "gus"}
    assert {person.handle for person in of_space.people} == {"ana", "ben", "mei"}
    assert {person.handle for person in of_guest.people} == {"ana", "ben", "gus"}


def test_a_page_reads_files_once_and_along_an_index(juniper: SimpleNamespace) -> None:
    for number in range(3):
        share(juniper.space, juniper.ben, f"{number}.txt")

    with CaptureQueriesContext(
        connection,
    ) as asked:
        listing.of_org(juniper.mei, Filters())

    reads = [query["sql"] for query in asked if Attachment._meta.db_table in query["sql"]]
    assert len(reads) == 1 and "LIMIT 41" in reads[0]
    assert "attachment_newest" in plan(reads[0])


def plan(sql: str) -> str:
    """How PostgreSQL would read it, were there very much."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off")
        cursor.execute(f"EXPLAIN {sql}")
        lines: list[Any] = cursor.fetchall()
    return "\n".join(row[0] for row in lines)
