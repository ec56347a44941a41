"""The thread of a worker that carries passages, one at a time.

*Called by*: chat.tasks, chat.sweeper. *Keeps true*: hours of an import hold up no answer of a model; one that crashes
ends with a reason instead of crashing again for ever.
"""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from chat.passages import running

_log = structlog.get_logger(__name__)
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_waiting: set[uuid.UUID] = set()


def submit(passage_id: uuid.UUID) -> None:
    """Hand a passage to this process's thread, which the first one starts."""
    global _pool
    with _lock:
        if passage_id in _waiting:
            return
        _pool = _pool or ThreadPoolExecutor(1, thread_name_prefix="passages")
        _waiting.add(passage_id)
        _pool.submit(_carry, passage_id)


def _carry(passage_id: uuid.UUID) -> None:
    close_old_connections()
    try:
        running.run(passage_id)
    except (OperationalError, InterfaceError) as error:
        _log.warning("passage.postponed", passage=str(passage_id), error=type(error).__name__)  # the sweeper finds it
    except Exception:
        _log.exception("passage.crashed", passage=str(passage_id))
        running.fail(passage_id)
        raise
    finally:
        with _lock:
            _waiting.discard(passage_id)
        connections.close_all()
