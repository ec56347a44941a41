"""The sheet of calls: streamed in batches, safe for spreadsheets, closed where the pages are."""

import asyncio
import csv
import gc
import os
import tracemalloc
import uuid
from io import StringIO
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Move
from chat.usage import asked, sheet
from tests import databases
from tests.chat.test_usage_pages import used
from workspace.models import Member, SpaceMember

__all__ = ["used"]
MANY = 30_000


def rows(client: Client, member: Member, query: str = "") -> list[dict[str, str]]:
    client.force_login(member.user)
    answer = client.get(reverse("usage_sheet", args=[member.org.slug]) + query)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="usage-')
    assert answer["Cache-Control"] == "private, no-store"
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def test_the_sheet_has_every_call_to_the_micro_credit(used: SimpleNamespace, client: Client) -> None:
    found = rows(client, used.ana)

    moved = Move.objects.filter(org_id=used.org.pk, dst="spent").values_list("amount_ucr", flat=True)
    assert sorted(int(row["microcredits"]) for row in found) == sorted(moved)
    assert [row["member"] for row in found] == ["Mei", "Ana", "Ana"]
    assert [row["space"] for row in found] == ["General", "Board", "Conversation with Mei"]
    assert {row["message"] for row in found} == {str(answer.message_id) for answer in used.answers}
    assert [row["member"] for row in rows(client, used.ana, f"?member={used.mei.pk}")] == ["Mei"]
    assert rows(client, used.ana, "?span=last") == []


def test_what_is_private_has_no_name_and_no_message_in_it(used: SimpleNamespace, client: Client) -> None:
    SpaceMember.objects.filter(space=used.private, member=used.ben).delete()

    found = rows(client, used.ben)

    assert [row["space"] for row in found] == ["General", "A private Space", "A direct conversation"]
    assert [bool(row["message"]) for row in found] == [True, False, False]


def test_a_time_that_is_none_is_refused(used: SimpleNamespace, client: Client) -> None:
    client.force_login(used.ana.user)

    answer = client.get(reverse("usage_sheet", args=[used.org.slug]) + "?from=x&to=y")

    assert answer.status_code == 422


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert sheet.safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Mei", "a=b", "3", "", "王", "'x"])
def test_other_cells_are_left_as_they_are(cell: str) -> None:
    assert sheet.safe(cell) == cell


def test_a_member_called_like_a_formula_is_no_formula(used: SimpleNamespace, client: Client) -> None:
    Member.objects.filter(pk=used.mei.pk).update(display_name='=HYPERLINK("http://x")')
    client.force_login(used.ana.user)

    raw = client.get(reverse("usage_sheet", args=[used.org.slug])).content

    assert raw.startswith(b"\xef\xbb\xbf") and b"\"'=HYPERLINK(" in raw and b',"=' not in raw


def many(org_id: uuid.UUID) -> None:
    """As many calls as there are, written as the ledger writes them, in a few statements."""
    url = databases.renamed(os.environ["DATABASE_SUPERUSER_URL"], f"/{databases.NAME}")
    at = "now() - n * interval '0.01 second'"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            f"""INSERT INTO billing_hold (id, org_id, call, prices, amount_ucr, max_output_tokens, state, charged_ucr,
                created_at, expires_at) SELECT 1000000 + n, %s, 'batch:' || n, '{{}}', 0, 0, 'settled', n, {at}, {at}
                FROM generate_series(1, %s) n""",
            [org_id, MANY],
        )
        admin.execute(
            """INSERT INTO billing_usageevent (org_id, hold_id, attempt, at, provider, upstream_model,
                provider_request_id, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens,
                reasoning_tokens, usage_source, is_delivered, is_own_key, is_odd, list_ucr, charge_ucr)
                SELECT %s, 1000000 + n, 1, h.created_at, 'scripted', 'many', '', 1, 0, 0, 1, 0, 'reported', true, false,
                false, n, n FROM generate_series(1, %s) n JOIN billing_hold h ON h.id = 1000000 + n""",
            [org_id, MANY],
        )
        admin.execute(
            """INSERT INTO billing_move (org_id, lot_id, hold_id, at, kind, src, dst, amount_ucr)
                SELECT org_id, 1, id, created_at, 'spend', 'held', 'spent', charged_ucr FROM billing_hold
                WHERE call LIKE 'batch:%'"""
        )
        admin.execute("ANALYZE")


def test_tens_of_thousands_of_rows_go_out_in_bounded_memory_and_queries(committed_db: None, make_org) -> None:  # type: ignore[no-untyped-def]
    juniper = make_org()
    many(juniper.org.pk)
    wanted = asked.read({"span": "7d"}, juniper.ana)

    async def read(answer: StreamingHttpResponse) -> tuple[int, int, int]:
        lines = total = peak = 0
        async for piece in answer:
            peak = max(peak, len(piece))
            text = piece.decode("utf-8-sig")
            for row in csv.reader(StringIO(text)):
                if row[0] != "time_utc":
                    lines, total = lines + 1, total + int(row[-3])
        return lines, total, peak

    with CaptureQueriesContext(connection) as begun:
        answer = sheet.answer(wanted, None)
    assert isinstance(answer, StreamingHttpResponse)
    gc.collect()
    tracemalloc.start()
    lines, total, longest = asyncio.run(read(answer))
    held_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (lines, total) == (MANY, MANY * (MANY + 1) // 2)
    assert longest < 2_000_000 and held_bytes < 30_000_000
    assert len(begun) <= 16
