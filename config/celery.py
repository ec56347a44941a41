"""The Celery application, and the engine that runs inside each of its workers.

*Called by*: `celery -A config worker`, and tasks through `shared_task`.
*Keeps true*: Celery is a wake-up call; PostgreSQL rows are the record of what is to be done.
"""

import os
from typing import Any

import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("parley")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["billing", "chat"])


@signals.setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Django's logging stays as it is: connecting here keeps Celery from laying its own over it."""


@signals.worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    from chat import engine

    engine.start()
    structlog.get_logger("parley").info("worker.ready")
    if os.environ.get("PARLEY_BEAT") == "1":
        from celery.beat import EmbeddedService

        schedule = os.path.join(os.environ.get("PARLEY_DATA", "var"), "beat-schedule")
        EmbeddedService(app, thread=True, schedule_filename=schedule).start()


@signals.worker_shutting_down.connect
def finish(**_: Any) -> None:
    from chat import engine
    from chat.passages import runner

    runner.drain()
    engine.drain()
