"""Structured logs: one JSON line an event on standard error.

*Called by*: config.settings. *Keeps true*: a line holds ids, codes and durations; never message text,
never a secret, never a line break of somebody's making.
"""

import os
import re
from typing import Any

import structlog

# From the word to the end of that exception's text, however many lines the row has.
_ROWS = re.compile(
    r"^(DETAIL|CONTEXT|PARAMETERS|LINE \d+):.*?(?=\n\nThe above exception|\n\nDuring handling|\Z)", re.M | re.S
)


_KEYS = re.compile(r"(/join/|/password/reset/key/|/confirm-email/)[^/\s\"]+")


def _without_keys(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A path that opens a door is cut before its key."""
    if isinstance(event.get("event"), str):
        event["event"] = _KEYS.sub(r"\1…", event["event"])
    return event


def _without_rows(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL repeats the failing row under an error; that row may be somebody's message."""
    if isinstance(event.get("exception"), str):
        event["exception"] = _ROWS.sub(r"\1: withheld", event["exception"])
    return event


_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _without_rows,
    _without_keys,
]

structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

# At DEBUG some of these would write whole requests or SQL with its values, which are somebody's words.
_TALKATIVE = (
    *("asyncio", "celery", "daphne", "django.db.backends", "django.template", "httpx", "httpx2", "kombu"),
    *("markdown_it", "openai", "stripe", "twisted", "urllib3"),
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _shared,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PARLEY_LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in _TALKATIVE}
    # A stranger's Host header is answered with 400; a traceback of each would be a way to fill the disk.
    | {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
