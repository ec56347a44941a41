"""Logs: one JSON line an event, and never a word of anybody's in it."""

import json
import logging
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from chat.models import Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows.acts import ended, wait_until
from tests.flows.tab import Tab
from tests.stack import Stack


def test_no_process_writes_a_text_a_secret_or_an_answer_into_its_log(
    stack: Stack, provider: ScriptedProvider, make_model: Callable, make_org: Callable[..., SimpleNamespace]
) -> None:
    make_model("parrot")
    provider.script(
        "parrot", Script(text="sparrowanswer "), Script(status=400), Script(end="cut", text="sparrowanswer ")
    )
    juniper = make_org()
    stack.environment |= {"PARLEY_LOG_LEVEL": "DEBUG", "SCRIPTED_KEY": "sparrowsecret"}
    stack.start_web()
    stack.start_worker()
    tab = Tab(stack, juniper.ana)

    for _ in range(3):
        assert tab.post(juniper.space, "@parrot sparrowquestion \x1b[31m\n{forged: line}").status == 201
    tab.post(juniper.space, "sparrowlong " * 2000)
    tab.post(juniper.space, "sparrownul \x00")
    tab.send("/accounts/login/", login="sparrowmail@example.com", password="sparrowpassword")
    wait_until(lambda: Reply.objects.count() == 3, what="three answers")
    for reply in Reply.objects.select_related("ai_model"):
        ended(reply)

    for name in ("web", "worker"):
        log = stack.log(name).decode()
        assert "sparrow" not in log, [line for line in log.splitlines() if "sparrow" in line][:2]
        assert "{forged" not in log
        assert tab.cookies.split("=")[1].split(";")[0] not in log
        assert len(log.splitlines()) > 1


def test_a_row_that_the_database_refused_is_not_repeated_in_the_log(juniper: SimpleNamespace) -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO chat_message (id, org_id, space_id, position, revision, client_id, text, html, created_at, in_feed, brought_from)
               VALUES (%(id)s, %(org)s, %(space)s, 1, 1, %(id)s, 'sparrowtext', '', now(), true, '')""",
            {"id": uuid.uuid4(), "org": juniper.org.pk, "space": juniper.space.pk},
        )
    assert "sparrowtext" in str(raised.value)

    event = logged(raised.value)

    assert "sparrowtext" not in json.dumps(event)
    assert "violates check constraint" in event["exception"]
    assert (event["event"], event["level"], event["logger"]) == ("it broke", "error", "tests.rows")


def test_a_statement_that_the_database_refused_is_not_repeated_in_the_log(db: None) -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 'sparrowtext', no_such_column")
    assert "LINE 1: SELECT 'sparrowtext'" in str(raised.value)

    event = logged(raised.value)

    # Of what the server said; the line of our own code stands in the traceback as in any other.
    assert "LINE 1: withheld" in event["exception"]
    assert "LINE 1: SELECT" not in event["exception"]


def logged(error: BaseException) -> dict[str, Any]:
    """What a log line says of an error."""
    handler = logging.Handler()
    lines: list[str] = []
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(  # type: ignore[attr-defined]
        dict(settings.LOGGING["formatters"]["json"])
    )
    handler.emit = lambda record: lines.append(formatter.format(record))  # type: ignore[method-assign]
    log = logging.getLogger("tests.rows")
    log.addHandler(handler)
    log.error("it broke", exc_info=error)
    log.removeHandler(handler)
    (line,) = lines
    return dict(json.loads(line))


def test_a_line_is_one_line_of_json_whatever_somebody_put_into_it() -> None:
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(  # type: ignore[attr-defined]
        dict(settings.LOGGING["formatters"]["json"])
    )
    record = logging.LogRecord("x", logging.INFO, "", 0, 'one\ntwo\r\u2028three "four" \x1b[2J', None, None)

    line = formatter.format(record)

    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"].startswith("one\ntwo")
