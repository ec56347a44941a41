"""What is unread, against counting by hand."""

import json
import os
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import feed
from chat.models import Message, Notice
from chat.notices import unread
from tests import databases
from tests.chat.notices.cast import follow, say, sit
from workspace import spaces
from workspace.models import Member, Space, SpaceMember

Counts = Callable[..., Any]
JSON = {"Accept": "application/json"}
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 2), st.booleans()),
        st.tuples(st.just("read"), st.integers(0, 30), st.booleans()),
        st.tuples(st.just("unread"), st.integers(0, 30), st.booleans()),
        st.tuples(st.just("delete"), st.integers(0, 30), st.booleans()),
    ),
    max_size=25,
)


def badge(member: Member, space: Space) -> dict[str, Any]:
    return unread.counts(member)["spaces"][str(space.pk)]  # type: ignore[index]


def by_hand(member: Member, space: Space) -> int:
    place = SpaceMember.objects.get(space=space, member=member).read_position
    rows = Message.objects.filter(space=space, deleted_at=None)
    return sum(row.position > place and row.author_id != member.pk and row.in_feed for row in rows)


@settings(deadline=None, max_examples=40)
@given(acts=ACTS)
def test_the_count_equals_counting_by_hand_after_any_history(
    acts: list[tuple[str, int, bool]], whole_world: Any, django_db_blocker: Any
) -> None:
    space, mei = whole_world.public.space, whole_world.public.bystander
    people = [row.member for row in space.space_members.select_related("member__org", "member__user")[:2]] + [mei]
    with django_db_blocker.unblock(), transaction.atomic():
        for act, number, flag in acts:
            rows = list(Message.objects.filter(space=space).order_by("position"))
            row = rows[number % len(rows)]
            if act == "say":
                say(space, people[number], "@space hello" if flag else "hello")
            elif act == "read":
                unread.read(mei, space, row.position)
            elif act == "unread":
                unread.unread_from(mei, row)
            else:
                Message.objects.filter(pk=row.pk).update(deleted_at=timezone.now(), text="", html="")

            counted = badge(mei, space)

            assert counted["unread"] == min(by_hand(mei, space), unread.COUNT_MAX)
        transaction.set_rollback(True)


def test_who_joins_begins_at_the_end(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Old", is_private=True)
    for _ in range(3):
        say(space, juniper.ana)

    spaces.add(juniper.ana, space, juniper.mei)

    assert badge(juniper.mei, space)["unread"] == 0
    say(space, juniper.ana)
    assert badge(juniper.mei, space)["unread"] == 1


def test_reading_moves_forward_only_and_settles_what_was_said_up_to_there(juniper: SimpleNamespace) -> None:
    first, second = say(juniper.space, juniper.ana, "@mei"), say(juniper.space, juniper.ana, "@mei again")
    assert badge(juniper.mei, juniper.space) == {
        "position": 0,
        "muted": False,
        "unread": 2,
        "mentions": 2,
        "has_unread": True,
    }

    unread.read(juniper.mei, juniper.space, first.position)
    assert (badge(juniper.mei, juniper.space)["unread"], badge(juniper.mei, juniper.space)["mentions"]) == (1, 1)

    unread.read(juniper.mei, juniper.space, 10**9)
    unread.read(juniper.mei, juniper.space, first.position)
    assert badge(juniper.mei, juniper.space)["has_unread"] is False
    assert badge(juniper.mei, juniper.space)["position"] == second.position


def test_marking_unread_brings_the_badge_back_and_is_not_pushed_again(juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei")
    unread.read(juniper.mei, juniper.space, message.position)

    unread.unread_from(juniper.mei, message)

    assert badge(juniper.mei, juniper.space)["mentions"] == 1
    assert Notice.objects.get().pushed_at is not None


def test_a_mention_in_a_thread_badges_the_space_and_is_settled_where_the_thread_is_read(
    juniper: SimpleNamespace,
) -> None:
    root = say(juniper.space, juniper.ana, "root")
    answer = say(juniper.space, juniper.ana, "@mei in here")
    Message.objects.filter(pk=answer.pk).update(parent=root, in_feed=False)
    follow(root, juniper.mei)

    unread.read(juniper.mei, juniper.space, answer.position)
    assert badge(juniper.mei, juniper.space)["mentions"] == 1

    unread.read_thread(juniper.mei, root, answer.position)
    assert badge(juniper.mei, juniper.space)["mentions"] == 0


def test_notices_of_a_space_that_one_lost_are_not_counted(juniper: SimpleNamespace) -> None:
    say(juniper.private, juniper.ana, "@gus")
    assert unread.counts(juniper.gus)["notices"] == 1

    spaces.remove(juniper.ana, juniper.private, juniper.gus)

    assert unread.counts(juniper.gus) == {"spaces": {}, "threads": 0, "notices": 0}


def test_a_page_says_where_one_was_and_programs_move_it(client: Client, juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei")
    client.force_login(juniper.mei.user)
    at = reverse("unread", args=[juniper.org.slug])

    before = client.get(at).json()
    client.post(reverse("space_read", args=[juniper.space.pk]), {"position": message.position}, headers=JSON)
    after = client.get(at).json()
    client.post(reverse("message_unread", args=[message.pk]), headers=JSON)

    assert [each["spaces"][str(juniper.space.pk)]["unread"] for each in (before, after, client.get(at).json())] == [
        1,
        0,
        1,
    ]
    assert (
        client.post(reverse("space_read", args=[juniper.space.pk]), {"position": "-1"}, headers=JSON).status_code == 422
    )


def test_counting_takes_three_queries_for_any_number_of_spaces(
    juniper: SimpleNamespace, django_assert_num_queries: Counts
) -> None:
    for number in range(30):
        space = spaces.create(juniper.ana, name=f"Space {number}", is_private=False)
        spaces.add(juniper.ana, space, juniper.mei)
        say(space, juniper.ana, "@mei")

    with django_assert_num_queries(3):
        counted = unread.counts(juniper.mei)

    assert (counted["notices"], sum(each["mentions"] for each in counted["spaces"].values())) == (30, 30)  # type: ignore[attr-defined]


def test_counting_a_long_space_reads_no_more_of_it_than_it_shows(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    sit(juniper.space, juniper.mei)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_message (id, org_id, space_id, position, revision, author_id, client_id, text, html,"
            " in_feed, created_at, brought_from) SELECT gen_random_uuid(), %s, %s, n, n, %s, gen_random_uuid(), 'x', 'x',"
            " true, now(), ''"
            " FROM generate_series(1, 20000) n",
            [juniper.org.pk, juniper.space.pk, juniper.ana.pk],
        )
        cursor.execute("UPDATE workspace_space SET revision = 20000 WHERE id = %s", [juniper.space.pk])
        analyze()
        values: dict[str, Any] = {"member": juniper.mei.pk, "most": 100, "looked_at": 400, "calling": ["mention"]}
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {unread._SPACES}", values)
        plan = cursor.fetchone()[0]

    text = plan if isinstance(plan, str) else json.dumps(plan)
    scans = [node for node in nodes(json.loads(text)[0]["Plan"]) if node.get("Relation Name") == "chat_message"]
    assert [node["Node Type"] for node in scans] == ["Index Scan"]
    assert all(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 400 for node in scans)
    assert badge(juniper.mei, juniper.space)["unread"] == 100


def analyze() -> None:
    """As autovacuum does soon after so many rows; the application's own role may not."""
    url = databases.renamed(os.environ["DATABASE_SUPERUSER_URL"], f"/{databases.NAME}")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("ANALYZE chat_message")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def test_marking_a_thread_unread_leaves_other_threads_alone(juniper: SimpleNamespace) -> None:
    first, second = say(juniper.space, juniper.ana), say(juniper.space, juniper.ana)
    answers = [
        feed.post(juniper.space, juniper.ben, text="@ana here", client_id=uuid.uuid4(), parent=root)[0]
        for root in (first, second)
    ]
    Notice.objects.update(read_at=timezone.now())

    unread.unread_from(juniper.ana, answers[0])

    assert [notice.message_id for notice in Notice.objects.filter(read_at=None)] == [answers[0].pk]
