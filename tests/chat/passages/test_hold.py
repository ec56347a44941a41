"""A passage in one worker's hands: who lost it writes nothing more."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from chat.models import Imported, Message, Passage, PassageKind, PassageState
from chat.passages import arrivals, hold, running
from chat.passages.arrivals import Arrival
from chat.passages.hold import Hold
from chat.passages.parley import places
from chat.passages.people import People, Person
from chat.passages.slack.export import open_export
from tests.chat.passages import slack_zip
from workspace.models import Member, Space


def queued(juniper: SimpleNamespace) -> Passage:
    return Passage.objects.create(org=juniper.org, asked_by=juniper.ana, kind="slack_in", state="queued")


def taken_twice(juniper: SimpleNamespace) -> tuple[Hold, Hold]:
    """The passage in the hands of one who lost it, and of one who has it."""
    passage = queued(juniper)
    first = hold.take(passage.pk)
    Passage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    second = hold.take(passage.pk)
    assert first and second
    return first, second


def write(held: Hold, juniper: SimpleNamespace) -> None:
    arrival = Arrival(uuid.uuid4(), juniper.ana, "from afar", timezone.now())
    arrivals.write(held, juniper.space, [arrival], names={}, brought_from="Slack")


def close(held: Hold, juniper: SimpleNamespace) -> None:
    arrivals.close(held, juniper.space, since=0)


def bring_somebody(held: Hold, juniper: SimpleNamespace) -> None:
    People(held, open_export(slack_zip.make()), "slack:T01").member(Person("U9", "Nine"))


def keep_notes(held: Hold, juniper: SimpleNamespace) -> None:
    places.keep_notes(held, juniper.space, SimpleNamespace(id="s", notes=[]), None, "parley:x")  # type: ignore[arg-type]


def take_file(held: Hold, juniper: SimpleNamespace) -> None:
    held.check()


WRITES: list[Callable[[Hold, SimpleNamespace], None]] = [write, close, bring_somebody, keep_notes, take_file]


@pytest.mark.parametrize("verb", WRITES)
def test_who_lost_it_writes_nothing_more(verb: Callable[[Hold, Any], None], juniper: SimpleNamespace) -> None:
    first, second = taken_twice(juniper)
    before = (Message.objects.count(), Member.objects.count(), Imported.objects.count())
    revision = Space.objects.get(pk=juniper.space.pk).revision

    with pytest.raises(hold.Stopped), transaction.atomic():
        verb(first, juniper)

    assert (Message.objects.count(), Member.objects.count(), Imported.objects.count()) == before
    assert Space.objects.get(pk=juniper.space.pk).revision == revision
    verb(second, juniper)


def test_who_lost_it_neither_renews_nor_ends_it(juniper: SimpleNamespace) -> None:
    first, second = taken_twice(juniper)

    for verb in (lambda: first.tell(1, 1), first.breathe, lambda: first.keep(seconds=9), lambda: first.name("key")):
        with pytest.raises(hold.Stopped):
            verb()

    assert first.end(PassageState.FINISHED) is False
    running.fail(first.passage.pk, fence=first.passage.fence)
    assert Passage.objects.get().state == PassageState.RUNNING
    assert second.end(PassageState.FINISHED) is True


def test_nobody_takes_it_in_the_middle_of_a_write(committed_db: None, make_org: Callable[..., SimpleNamespace]) -> None:
    passage = queued(make_org())
    held, refused = hold.take(passage.pk), []

    def take() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                hold.take(passage.pk)
        except OperationalError as error:
            refused.append(error)
        finally:
            connection.close()

    assert held
    Passage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    with transaction.atomic():
        held.fence()
        other = threading.Thread(target=take)
        other.start()
        other.join()

    assert len(refused) == 1
    assert hold.take(passage.pk) is not None


def test_what_nobody_ever_ends_is_given_up(juniper: SimpleNamespace) -> None:
    passage = queued(juniper)
    Passage.objects.update(fence=running.TAKEN_MAX)

    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.reason[:25]) == ("failed", "It was begun again too of")


def test_whoever_does_not_move_past_the_lease_is_stuck(juniper: SimpleNamespace) -> None:
    passage = queued(juniper)
    hold.take(passage.pk)
    assert not running.is_stalled(passage.pk)

    Passage.objects.update(leased_until=timezone.now() - timedelta(seconds=running.STALLED_SECONDS + 1))

    assert running.is_stalled(passage.pk)


def test_the_database_itself_lets_one_passage_of_an_organization_be_under_way(juniper: SimpleNamespace) -> None:
    queued(juniper)
    Passage.objects.create(org=juniper.org, asked_by=juniper.ana, kind=PassageKind.MEMBER_OUT, state="queued")

    with pytest.raises(IntegrityError), transaction.atomic():
        Passage.objects.create(org=juniper.org, asked_by=juniper.ana, kind=PassageKind.ORG_OUT, state="running")
