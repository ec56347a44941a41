"""Commands that name many people: what they cost, and where they end."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.commands import obeying
from workspace.errors import Invalid


def test_whoever_is_named_often_is_looked_for_once(juniper: SimpleNamespace) -> None:
    counts = []

    for text in ("/dm @ben", "/dm @mei", "/dm " + "@mei @Mei, " * 500, "/invite @gus", "/invite " + "@gus, GUS " * 500):
        with CaptureQueriesContext(connection) as asked:
            obeying.obey(juniper.ana, juniper.space, text)
        counts.append(len(asked))

    assert counts[2] <= counts[1] and counts[4] <= counts[3]


def test_more_people_than_fit_are_refused_before_anybody_is_looked_for(juniper: SimpleNamespace) -> None:
    many = " ".join(f"@nobody{number}" for number in range(101))

    with CaptureQueriesContext(connection) as asked:
        for command, words in (("/dm", "at most 9 people"), ("/invite", "At most 100 people")):
            with pytest.raises(Invalid, match=words):
                obeying.obey(juniper.ana, juniper.space, f"{command} {many}")

    assert not [each["sql"] for each in asked if "nobody" in each["sql"]]
