"""The thread of a worker that has passages carried, one at a time, each in a process of its own.

*Called by*: chat.tasks, config.celery. *Keeps true*: hours of an import, and whatever somebody put into an archive,
hold up no answer of a model; what crashes, grows too large or stands still ends with a reason, and is not begun again.
"""

import os
import signal
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from chat.models import Passage
from chat.passages import apart, running

LOOK_SECONDS = 5.0
# The sweeper finds it again: the database was away, or this worker was told to go.
_POSTPONED = {apart.POSTPONED, -signal.SIGTERM, -signal.SIGINT}
_log = structlog.get_logger(__name__)
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
# What is to be carried, and whether it was called for again: the next step may be asked for before this one has ended.
_waiting: dict[uuid.UUID, bool] = {}
_child: "subprocess.Popen[bytes] | None" = None
_is_draining = False


def submit(passage_id: uuid.UUID) -> None:
    """Hand a passage to this process's thread, which the first one starts."""
    global _pool
    with _lock:
        if _is_draining:
            return
        if passage_id in _waiting:
            _waiting[passage_id] = True
            return
        _pool = _pool or ThreadPoolExecutor(1, thread_name_prefix="passages")
        _waiting[passage_id] = False
        _pool.submit(_carry, passage_id)


def drain() -> None:
    """Let go of what is being carried, before the process goes: another worker begins it again."""
    global _is_draining
    with _lock:
        _is_draining = True
        if _child is not None:
            _child.terminate()


def _carry(passage_id: uuid.UUID) -> None:
    close_old_connections()
    try:
        _apart(passage_id)
    except (OperationalError, InterfaceError) as error:
        _log.warning("passage.postponed", passage=str(passage_id), error=type(error).__name__)  # the sweeper finds it
    except Exception:
        _log.exception("passage.not_carried", passage=str(passage_id))
        raise
    finally:
        connections.close_all()
        with _lock:
            is_called_again = _waiting.pop(passage_id)
        if is_called_again:
            submit(passage_id)


def _apart(passage_id: uuid.UUID) -> None:
    """Start the process, see it through, and end the passage of one that died."""
    before = Passage.objects.values_list("fence", flat=True).get(pk=passage_id)
    code = _see_through(passage_id)
    if code in _POSTPONED:
        _log.warning("passage.postponed", passage=str(passage_id), code=code)
    elif code:
        _log.error("passage.crashed", passage=str(passage_id), code=code)
        running.fail(passage_id, fence=before + 1)


def _see_through(passage_id: uuid.UUID) -> int:
    global _child
    argv = [sys.executable, "-m", apart.__name__, str(passage_id)]
    with _lock:
        if _is_draining:
            return apart.POSTPONED
        environment = {**os.environ, "PARLEY_DB_POOL": "2"}
        child = _child = subprocess.Popen(argv, cwd=settings.ROOT, env=environment, stdin=subprocess.DEVNULL)
    try:
        while True:
            try:
                return child.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if _is_stalled(passage_id):
                    child.kill()
    finally:
        with _lock:
            _child = None
        child.kill()
        child.wait()


def _is_stalled(passage_id: uuid.UUID) -> bool:
    try:
        return running.is_stalled(passage_id)
    except (OperationalError, InterfaceError):
        return False
