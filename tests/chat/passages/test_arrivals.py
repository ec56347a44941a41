"""Messages on their way in, and how long their Space is held for them."""

import uuid
from types import SimpleNamespace

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Message, Passage
from chat.passages import arrivals, hold
from chat.passages.arrivals import Arrival
from workspace import spaces
from workspace.models import Space


def queries_of_closing(juniper: SimpleNamespace, *, threads: int) -> tuple[int, Space]:
    """How many it takes once so many threads have come, and the Space."""
    Passage.objects.update(state="finished")
    passage = Passage.objects.create(org=juniper.org, asked_by=juniper.ana, kind="slack_in", state="queued")
    space = spaces.create(juniper.ana, name=f"{threads} threads", is_private=False)
    held, now, found = hold.take(passage.pk), timezone.now(), []
    for _ in range(threads):
        root = Arrival(uuid.uuid4(), juniper.ana, "a question", now)
        found += [root, Arrival(uuid.uuid4(), juniper.ben, "an answer", now, parent_id=root.id, in_feed=False)]
    arrivals.write(held, space, found, names={}, brought_from="Slack")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        arrivals.close(held, space, since=0)
    return len(queries), space


def test_however_many_threads_came_the_space_is_held_for_as_many_queries(juniper: SimpleNamespace) -> None:
    few, _space = queries_of_closing(juniper, threads=2)

    many, space = queries_of_closing(juniper, threads=30)

    assert many == few
    stamps = sorted(Message.objects.filter(space=space, parent=None).values_list("revision", flat=True))
    last = Space.objects.get(pk=space.pk).revision
    assert stamps == list(range(last - 29, last + 1))
