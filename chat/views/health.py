"""Health: alive, and ready.

*Called by*: bin/up, load balancers. *Keeps true*: an answer tells which part is away and nothing about it.
"""

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chat.engine import WORKER_KEY


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database, Redis and a worker answer, else 503."""
    parts = {"database": _database(), **_redis_and_worker()}
    is_ready = all(parts.values())
    states = {name: "ok" if is_up else "away" for name, is_up in parts.items()}
    return JsonResponse({"status": "ready" if is_ready else "not ready", **states}, status=200 if is_ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except (DatabaseError, InterfaceError):
        return False


def _redis_and_worker() -> dict[str, bool]:
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
        with client:
            return {"redis": bool(client.ping()), "worker": bool(client.exists(WORKER_KEY))}
    except redis.RedisError:
        return {"redis": False, "worker": False}
