"""Finding messages: what is found, by whom, and what is not."""

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import feed
from chat.models import Message, Words
from chat.search import excerpts, query, words
from chat.search.find import PAGE, SECONDS_MAX, find
from workspace.models import Member, Role, SpaceMember

UTC_ZONE = ZoneInfo("UTC")


def say(space, author: Member, text: str) -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())[0]


def texts(member: Member, typed: str) -> list[str]:
    """What the member finds, newest first."""
    return [message.text for message in find(member, query.read(typed, member, zone=UTC_ZONE)).messages]


def date(message: Message, at: datetime) -> None:
    Message.objects.filter(pk=message.pk).update(created_at=at)
    words.write([message.pk])


TALK = (
    "The launch plan is ready",
    "We launched the boats",
    "Deployment of plan B, launch later",
    "發射計畫已經準備好了",
    "Ünïcode naïve café 🎉",
    "see https://example.com/runbook?x=1",
    "version v2.13.4 of libfoo_bar fails with ERR-4711",
)

FOUND = {
    "launch": [0, 1, 2],
    "LAUNCH plan": [0, 2],
    "launching": [0, 1, 2],
    '"launch plan"': [0],
    '"plan launch"': [],
    "launch -boats": [0, 2],
    "deploy": [2],
    "deplo": [2],
    "計畫": [3],
    "計": [3],
    "發射計畫": [3],
    "畫計": [],
    "café": [4],
    "runbook": [5],
    "has:link": [5],
    "has:link launch": [],
    "libfoo_bar": [6],
    "ERR-4711": [6],
    "v2.13.4": [6],
    "zebra": [],
    "the": [0, 1],
    "from:ana": [0, 1, 2, 3, 4, 5, 6],
    "from:me": [],
    "from:ana ready": [0],
    "in:general boats": [1],
    "in:Board boats": [],
    "mentions:me": [],
}


@pytest.mark.parametrize("typed", FOUND)
def test_words_and_filters_find_what_they_say(typed: str, juniper: SimpleNamespace) -> None:
    for text in TALK:
        say(juniper.space, juniper.ana, text)

    found = texts(juniper.ben, typed)

    assert sorted(found) == sorted(TALK[number] for number in FOUND[typed])


LONG_RUNS = {
    "letters": "_a" * 4_900,
    "slashes": "/." * 4_900,
    "one word": "x" * 9_900,
    "Chinese": "計畫" * 4_900,
    "a comment without end": "<!--" * 2_400 + "y" * 200,
}


@pytest.mark.parametrize("run", LONG_RUNS)
def test_the_parser_is_given_no_long_run_nor_comment(run: str, juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, f"before {LONG_RUNS[run]} after")

    with connection.cursor() as cursor:
        cursor.execute("SELECT chat_broken(%s)", [message.text])
        parsed = cursor.fetchone()[0]
        cursor.execute(
            "SELECT max(length(word)) FROM chat_words, unnest(tsvector_to_array(vector)) word WHERE message_id = %s",
            [message.pk],
        )
        longest = cursor.fetchone()[0]

    assert max(map(len, parsed.split())) <= 100 and "<!--" not in parsed
    assert parsed.replace(" ", "") == message.text.replace("<!--", "!--").replace(" ", "")
    assert longest <= 100
    assert texts(juniper.ben, "before after") == [message.text]


def test_words_in_a_long_run_stay_whole(juniper: SimpleNamespace) -> None:
    chinese = say(juniper.space, juniper.ana, "計畫，parley，deployment，" * 30)
    address = say(juniper.space, juniper.ana, "https://example.com/" + "runbooks/of-the-boats/" * 10)
    comment = say(juniper.space, juniper.ana, "see <!-- the sparrow -->")

    assert texts(juniper.ben, '"計畫" parley deployment') == [chinese.text]
    assert texts(juniper.ben, "boats") == [address.text]
    assert texts(juniper.ben, address.text) == [address.text]
    assert texts(juniper.ben, "sparrow") == [comment.text]


def test_pairs_are_those_of_neighbours_within_a_run(juniper: SimpleNamespace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT chat_pairs(%s), chat_pairs(%s)", ["a發射 計b畫", "none"])
        pairs, none = cursor.fetchone()

    assert sorted(pairs) == sorted(["發", "射", "發射", "計", "畫"])
    assert none == []


def test_of_a_very_long_text_the_beginning_is_found(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "x")

    Message.objects.filter(pk=message.pk).update(text="word " * 7_990 + "sparrow " + "word " * 9_000 + "pigeon")
    words.write([message.pk])

    assert len(texts(juniper.ben, "sparrow")) == 1
    assert texts(juniper.ben, "pigeon") == []


def test_the_newest_stands_first_and_pages_show_each_hit_once(juniper: SimpleNamespace) -> None:
    now = timezone.now()
    for number in range(2 * PAGE + 3):
        # Days apart, then weeks, then years: every span is passed.
        date(say(juniper.space, juniper.ana, f"report {number}"), now - timedelta(days=number * number))

    shown, after = [], None
    while True:
        found = find(juniper.ben, query.read("report", juniper.ben, zone=UTC_ZONE), after=after)
        shown += [message.text for message in found.messages]
        after = found.after
        if after is None:
            break

    assert shown == [f"report {number}" for number in range(2 * PAGE + 3)]


def test_hits_of_one_moment_are_not_lost_between_pages(juniper: SimpleNamespace) -> None:
    now = timezone.now()
    for number in range(PAGE + 5):
        date(say(juniper.space, juniper.ana, f"imported {number}"), now)

    first = find(juniper.ben, query.read("imported", juniper.ben, zone=UTC_ZONE))
    second = find(juniper.ben, query.read("imported", juniper.ben, zone=UTC_ZONE), after=first.after)

    assert {message.text for message in [*first.messages, *second.messages]} == {
        f"imported {number}" for number in range(PAGE + 5)
    }
    assert second.after is None


def test_nobody_finds_what_they_may_not_open(juniper: SimpleNamespace, other: SimpleNamespace) -> None:
    say(juniper.private, juniper.ana, "sparrow in private")
    say(juniper.space, juniper.ana, "sparrow in public")
    say(other.space, other.ana, "sparrow elsewhere")

    found = {name: texts(getattr(juniper, name), "sparrow") for name in ("ana", "mei", "gus")}

    assert found == {
        "ana": ["sparrow in public", "sparrow in private"],
        "mei": ["sparrow in public"],
        "gus": ["sparrow in private"],
    }
    assert texts(other.ana, "sparrow") == ["sparrow elsewhere"]


def test_who_was_taken_out_of_a_space_finds_nothing_of_it_any_more(juniper: SimpleNamespace) -> None:
    say(juniper.private, juniper.ana, "sparrow")
    assert texts(juniper.gus, "sparrow") == ["sparrow"]

    SpaceMember.objects.filter(space=juniper.private, member=juniper.gus).delete()

    assert texts(juniper.gus, "sparrow") == []


def test_a_guest_learns_no_name_from_a_filter(juniper: SimpleNamespace) -> None:
    known = query.read("from:ana", juniper.gus, zone=UTC_ZONE)
    unknown = query.read("from:mei", juniper.gus, zone=UTC_ZONE)
    nobody = query.read("from:zed", juniper.gus, zone=UTC_ZONE)

    assert known.problems == []
    assert [problem.replace("mei", "…") for problem in unknown.problems] == [
        problem.replace("zed", "…") for problem in nobody.problems
    ]


def test_a_hidden_space_and_a_missing_one_are_the_same_to_the_filter(juniper: SimpleNamespace) -> None:
    hidden = query.read("in:board x", juniper.mei, zone=UTC_ZONE)
    missing = query.read("in:bored x", juniper.mei, zone=UTC_ZONE)

    assert hidden.problems[0].replace("board", "…") == missing.problems[0].replace("bored", "…")


def test_mentions_are_found_by_person_and_by_name(juniper: SimpleNamespace) -> None:
    say(juniper.space, juniper.ana, "ask @mei about it")

    assert len(texts(juniper.mei, "mentions:me")) == 1
    assert len(texts(juniper.ben, "mentions:@mei")) == 1
    assert len(texts(juniper.ben, "mei")) == 1
    assert texts(juniper.ben, "mentions:me") == []


def test_days_are_those_where_the_member_lives(juniper: SimpleNamespace) -> None:
    date(say(juniper.space, juniper.ana, "late"), datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
    date(say(juniper.space, juniper.ana, "early"), datetime(2026, 3, 10, 0, 30, tzinfo=UTC))

    def on(day: str, zone: str) -> list[str]:
        asked = query.read(day, juniper.ben, zone=ZoneInfo(zone))
        return [message.text for message in find(juniper.ben, asked).messages]

    assert on("on:2026-03-10", "UTC") == ["early"]
    assert on("on:2026-03-10", "Asia/Taipei") == ["early", "late"]
    assert on("before:2026-03-10", "UTC") == ["late"]
    assert on("after:2026-03-09", "UTC") == ["early"]
    assert on("during:2026-03", "UTC") == ["early", "late"]
    assert on("during:2026-04", "UTC") == []


def test_a_deleted_message_is_forgotten(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "sparrow")

    Message.objects.filter(pk=message.pk).update(text="", html="", deleted_at=timezone.now())
    assert texts(juniper.ben, "sparrow") == []  # even before its words are
    words.write([message.pk])

    assert not Words.objects.filter(message=message).exists()


def test_an_edited_message_is_found_by_what_it_says_now(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "sparrow")

    Message.objects.filter(pk=message.pk).update(text="pigeon")
    words.write([message.pk])

    assert (texts(juniper.ben, "sparrow"), texts(juniper.ben, "pigeon")) == ([], ["pigeon"])


HOSTILE = [
    "' & | ! ( ) : * <->",
    "':*",
    "\\",
    "\\'",
    "a & b | !c",
    "\x01s",
    "\x00",
    "from:",
    "from:@",
    "in:#",
    'in:"',
    '"',
    '"""',
    "-",
    "--x",
    "has:everything",
    "before:0000-00-00",
    "before:99999-01-01",
    "after:2026-02-30",
    "during:9999-12",
    "during:0001-01",
    "on:今天",
    "%",
    "_",
    "x" * 5_000,
    "x " * 500,
    "(" * 200,
    "💩" * 100,
    "中" * 300,
    "from:me " * 30,
    "SELECT 1; --",
    "🎉",
    "a:b:c",
    "http://",
    "@",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_whatever_is_typed_answers_with_a_page(typed: str, juniper: SimpleNamespace) -> None:
    say(juniper.space, juniper.ana, "a quiet message")
    browser = Client()
    browser.force_login(juniper.ben.user)

    answer = browser.get(f"/orgs/{juniper.org.slug}/search/", {"q": typed})

    assert answer.status_code == 200


@pytest.mark.parametrize("after", ["", "x", "2026-01-01~x", "~", "2026-01-01T00:00:00+00:00~", "9" * 500, "\x00"])
def test_a_page_that_is_none_is_the_first(after: str, juniper: SimpleNamespace) -> None:
    say(juniper.space, juniper.ana, "sparrow")
    browser = Client()
    browser.force_login(juniper.ben.user)

    answer = browser.get(
        f"/orgs/{juniper.org.slug}/search/",
        {"q": "sparrow", "after": after},
        headers={"Accept": "application/json"},
    )

    assert [hit["excerpt"] for hit in answer.json()["hits"]] == ["sparrow"]


def test_a_hit_shows_the_lines_beside_it_and_marks_what_was_found(juniper: SimpleNamespace) -> None:
    say(juniper.space, juniper.ana, "one")
    message = say(juniper.space, juniper.ben, "word " * 200 + "the launching of boats " + "tail " * 200)
    say(juniper.space, juniper.mei, "three")

    (hit,) = excerpts.show([message], query.read("launch", juniper.ben, zone=UTC_ZONE).terms)

    assert [(line.name, line.text) for line in hit.before] == [("Ana", "one")]
    assert [(line.name, line.text) for line in hit.after] == [("Mei", "three")]
    assert [piece.text for piece in hit.pieces if piece.is_found] == ["launching"]
    assert sum(len(piece.text) for piece in hit.pieces) <= excerpts.LENGTH + 4


def test_a_guest_finds_people_only_in_shared_spaces_even_beside_a_hit(juniper: SimpleNamespace) -> None:
    say(juniper.private, juniper.ana, "before")
    say(juniper.private, juniper.ben, "sparrow")
    assert juniper.gus.role == Role.GUEST

    hits = excerpts.show(find(juniper.gus, query.read("sparrow", juniper.gus, zone=UTC_ZONE)).messages, [])

    assert [line.text for line in hits[0].beside] == ["before"]


def test_a_search_asks_as_often_for_twenty_hits_as_for_two(
    juniper: SimpleNamespace, django_assert_max_num_queries
) -> None:
    for number in range(25):
        say(juniper.space, juniper.ana, f"sparrow {number} @mei")
    browser = Client()
    browser.force_login(juniper.ben.user)
    browser.get("/")

    with django_assert_max_num_queries(40):
        browser.get(f"/orgs/{juniper.org.slug}/search/", {"q": "sparrow"})


def test_all_statements_of_a_search_share_one_deadline(
    juniper: SimpleNamespace,
) -> None:
    feed.post(juniper.space, juniper.ana, text="a pear", client_id=uuid.uuid4())

    with CaptureQueriesContext(connection) as asked:
        find(juniper.ana, query.read("pear", juniper.ana, zone=ZoneInfo("UTC")))

    statements = [each["sql"] for each in asked]
    heavy = [at for at, sql in enumerate(statements) if "WITH hits" in sql]
    left = [int(sql.rpartition(" ")[2]) for sql in statements if "statement_timeout" in sql]
    assert heavy and all("statement_timeout" in statements[at - 1] for at in heavy)
    assert left == sorted(left, reverse=True) and left[0] <= SECONDS_MAX * 1000
