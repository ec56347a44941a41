"""The usage pages: who gets there, what the figures and links are, and what stays hidden from an admin."""

import re
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import credits, ledger, prices
from chat import deletions, directs, feed, places
from chat.models import Message, Reply
from workspace import spaces
from workspace.models import Member, Space


def spend(asker: Member, space: Space, tokens: int = 1000) -> Reply:
    """An answer in a Space that used as many tokens in and out, through the ledger, with its footer."""
    answer = feed.post(space, asker, text="@parrot about the harbour", client_id=uuid.uuid4())[1]
    offer = answer.ai_model.offers.get()  # type: ignore[union-attr]
    attempt = ledger.Attempt(
        1, prices.current([offer.pk])[offer.pk].pk, "scripted", "parrot", True, "reported", "", tokens, 0, 0, tokens
    )
    settled = ledger.settle(space.org_id, call=answer.reply.call, attempts=[attempt])
    ended = {"state": "finished", "ended_at": timezone.now(), "cost_ucr": settled.charged_ucr}
    Reply.objects.filter(pk=answer.reply.pk).update(**ended)
    return Reply.objects.select_related("message").get(pk=answer.reply.pk)


@pytest.fixture
def used(juniper: SimpleNamespace, make_model) -> SimpleNamespace:  # type: ignore[no-untyped-def]
    """Mei asked in General, Ana in the private Board and in a direct conversation with Mei."""
    make_model("parrot")
    juniper.direct = directs.open(juniper.ana, [juniper.mei])
    juniper.secret = SimpleNamespace(space=juniper.private)
    juniper.answers = [
        spend(juniper.mei, juniper.space, 100),
        spend(juniper.ana, juniper.private, 200),
        spend(juniper.ana, juniper.direct, 300),
    ]
    return juniper


def page(client: Client, member: Member, name: str, query: str = "") -> str:
    client.force_login(member.user)
    answer = client.get(reverse(name, args=[member.org.slug]) + query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def middle(text: str) -> str:
    return text[text.index('id="main"') : text.index("</main>")]


def exact(replies: list[Reply]) -> str:
    return credits.format_exact(sum(reply.cost_ucr or 0 for reply in replies))


def test_the_page_says_what_the_footers_say(used: SimpleNamespace, client: Client) -> None:
    text = middle(page(client, used.ana, "usage"))

    assert f'<dd class="figures">{exact(used.answers)}</dd>' in text
    assert exact(used.answers[:1]) in text and "Mei" in text
    assert exact(used.answers[1:]) in text and "Board" in text and "General" in text
    assert "Parrot" in text and "Scripted" in text


def test_an_admin_who_is_not_in_a_private_space_reads_figures_and_no_name(
    used: SimpleNamespace, client: Client
) -> None:
    from workspace.models import SpaceMember

    SpaceMember.objects.filter(space=used.private, member=used.ben).delete()

    sums, calls = (middle(page(client, used.ben, name)) for name in ("usage", "usage_calls"))

    for text in (sums, calls):
        assert "Board" not in text and "A private Space" in text and "A direct conversation" in text
        assert exact([used.answers[1]]) in text
        assert "harbour" not in text
    assert re.findall(r'href="/messages/([^/"]+)/"', calls) == [str(used.answers[0].message_id)]


def test_a_row_leads_to_its_own_figures_and_those_to_the_calls(used: SimpleNamespace, client: Client) -> None:
    text = middle(page(client, used.ana, "usage"))
    (drill,) = re.findall(r'href="[^"]*\?(member=[^"]+)"><bdi>Mei', text)

    narrowed = middle(page(client, used.ana, "usage", f"?{drill}"))
    (further,) = re.findall(r'href="[^"]*/calls/\?([^"]+)"', narrowed)
    calls = middle(page(client, used.ana, "usage_calls", f"?{further.replace('&amp;', '&')}"))

    assert f'<dd class="figures">{exact(used.answers[:1])}</dd>' in narrowed
    assert "take this filter off" in narrowed
    assert calls.count('<th scope="row"') == 1 and str(used.answers[0].message_id) in calls


def test_each_table_is_sorted_as_asked(used: SimpleNamespace, client: Client) -> None:
    def names(query: str) -> list[str]:
        return re.findall(
            r'<th scope="row"[^>]*>\s*<a href="[^"]*"><bdi>([^<]+)', page(client, used.ana, "usage", query)
        )

    assert names("?by=member") == ["Ana", "Mei"]
    assert names("?by=member&sort=answers") == ["Ana", "Mei"]
    assert names("?by=space&sort=name") == ["Board", "Conversation with Mei", "General"]
    assert names("?by=space&sort=tokens") == ["Conversation with Mei", "Board", "General"]
    assert 'aria-sort="descending"' in page(client, used.ana, "usage", "?by=member")


def test_spans_leave_out_what_is_not_in_them(used: SimpleNamespace, client: Client) -> None:
    zero = '<dd class="figures">0.00</dd>'
    today = timezone.now().date()
    old = f"?from={today - timedelta(days=9)}&to={today - timedelta(days=5)}"

    assert zero in page(client, used.ana, "usage", "?span=last")
    assert zero in page(client, used.ana, "usage", old)
    assert zero not in page(client, used.ana, "usage", f"?from={today}&to={today}")
    for span in ("period", "7d", "30d", "90d"):
        assert zero not in middle(page(client, used.ana, "usage", f"?span={span}"))
    assert "No calls in this time" in page(client, used.ana, "usage_calls", "?span=last")


@pytest.mark.parametrize(
    "query",
    [
        "?from=2026-02-30&to=x",
        "?from=2026-02-03",
        "?span=custom",
        "?from=2026-03-01&to=2026-02-01",
        "?span=x",
        "?from=2020-01-01&to=2026-01-01",
    ],
)
@pytest.mark.parametrize("name", ["usage", "usage_calls"])
def test_a_span_that_is_none_is_said_and_the_page_still_shows(
    used: SimpleNamespace, client: Client, query: str, name: str
) -> None:
    client.force_login(used.ana.user)

    answer = client.get(reverse(name, args=[used.org.slug]) + query)

    assert answer.status_code == 422
    assert "the period that is running" in answer.content.decode()


@pytest.mark.parametrize("query", ["?member=x", "?space=%00", "?model=abc", "?key=1", "?model=99999999999999999999"])
def test_a_filter_that_names_nothing_is_refused_in_words(used: SimpleNamespace, client: Client, query: str) -> None:
    client.force_login(used.ana.user)

    answer = client.get(reverse("usage", args=[used.org.slug]) + query)

    assert answer.status_code == 422 and "names nothing" in answer.content.decode()


def test_strange_pages_are_pages(used: SimpleNamespace, client: Client) -> None:
    for query in ("?page=9999999", "?page=-1", "?by=x&sort=y", "?kind=x", f"?member={uuid.uuid4()}", "?after=x~y~z"):
        page(client, used.ana, "usage", query)
        page(client, used.ana, "usage_calls", query)
    page(client, used.ana, "usage_calls", "?after=2026-01-01T00:00:00%2B00:00~99999999999999999999~1")


def test_the_pages_ask_as_often_for_many_as_for_few(used: SimpleNamespace, client: Client) -> None:
    def count(name: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, used.ana, name)
        return len(asked)

    page(client, used.ana, "usage")
    few = [count(name) for name in ("usage", "usage_calls")]
    for number in range(3):
        spend(used.ben, spaces.create(used.ben, name=f"Room {number}", is_private=False))

    assert [count(name) for name in ("usage", "usage_calls")] == few
    assert max(few) <= 30


def test_what_is_deleted_changes_no_total_and_leaves_a_word(used: SimpleNamespace, client: Client) -> None:
    before = middle(page(client, used.ana, "usage"))
    deletions.delete(used.mei, Message.objects.get(pk=used.answers[0].message_id))

    after = middle(page(client, used.ana, "usage"))
    calls = middle(page(client, used.ana, "usage_calls"))

    assert re.findall(r'class="figures">([^<]+)', before) == re.findall(r'class="figures">([^<]+)', after)
    assert str(used.answers[0].message_id) not in calls
    assert f">{exact(used.answers[:1])}<" in calls


def figures(text: str) -> list[str]:
    return re.findall(r'figures?">([\d,.]+)', text)


def test_whoever_left_keeps_their_name_and_their_figures(used: SimpleNamespace, client: Client) -> None:
    before = middle(page(client, used.ana, "usage"))
    places.remove_from_org(used.ana, used.mei)

    after = middle(page(client, used.ana, "usage"))

    assert figures(before) == figures(after)
    assert "<bdi>Mei</bdi>" in after


def test_what_is_deleted_down_to_its_row_changes_no_total(used: SimpleNamespace, client: Client) -> None:
    """As an operator would, by hand: all messages of a Space."""
    statement_at = reverse("statement", args=[used.org.slug, timezone.now().date().isoformat()])
    before = middle(page(client, used.ana, "usage"))
    stated = figures(middle(client.get(statement_at, follow=True).content.decode()))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        of_space = "SELECT id FROM chat_message WHERE space_id = %s"
        for table in ("chat_mention", "chat_words", "chat_notice"):
            cursor.execute(f"DELETE FROM {table} WHERE message_id IN ({of_space})", [used.space.pk])
        cursor.execute("DELETE FROM chat_reply WHERE space_id = %s", [used.space.pk])
        cursor.execute("DELETE FROM chat_message WHERE space_id = %s", [used.space.pk])

    after, calls = (middle(page(client, used.ana, name)) for name in ("usage", "usage_calls"))

    assert figures(before) == figures(after)
    assert stated == figures(middle(client.get(statement_at, follow=True).content.decode()))
    assert str(used.answers[0].message_id) not in calls


def test_what_has_no_name_any_more_is_called_by_a_word_that_lasts(used: SimpleNamespace, client: Client) -> None:
    gone, key = {"member_id": uuid.uuid4(), "space_id": uuid.uuid4()}, uuid.uuid4()
    held = ledger.hold(
        used.org.pk, call="batch:1", price_ids=[], input_tokens=1, max_output_tokens=1, own_key=True, key_id=key, **gone
    )
    own = ledger.Attempt(1, None, "elsewhere", "their-own", True, "reported", "", 1, 0, 0, 1, is_own_key=True)
    ledger.settle(used.org.pk, call=held.call, attempts=[own])

    for name in ("usage", "usage_calls"):
        text = middle(page(client, used.ana, name))

        for word in ("A member who was deleted", "A Space that was deleted", f"API key {str(key)[:8]}…", "their-own"):
            assert word in text
        assert "elsewhere" in text and "Batches" in text


def test_a_statement_is_printed_with_all_its_digits(used: SimpleNamespace, client: Client) -> None:
    client.force_login(used.ana.user)
    today = timezone.now().date().isoformat()

    answer = client.get(reverse("statement", args=[used.org.slug, today]), follow=True)

    text = middle(answer.content.decode())
    assert "so far" in text and "Parrot" in text and "Plan credits" in text
    assert f"−{exact(used.answers)}" in text
    assert client.get(reverse("statement", args=[used.org.slug, "2020-01-01"])).status_code == 404
    assert client.get(reverse("statement", args=[used.org.slug, "soon"])).status_code == 404
    assert today in page(client, used.ana, "statements")
