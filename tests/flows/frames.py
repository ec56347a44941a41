"""What is published to a Space, heard where the web processes hear it.

*Called by*: the flows. *Keeps true*: take() misses nothing that was published before it was called: Redis answers a
ping on the subscription after all that went before.
"""

import json
from typing import Any

import redis
from django.conf import settings

from workspace.models import Space


class Frames:
    def __init__(self, space: Space) -> None:
        self._redis = redis.Redis.from_url(settings.REDIS_URL)
        self._pubsub = self._redis.pubsub()
        self._pubsub.subscribe(f"space:{space.pk}")
        assert self._pubsub.get_message(timeout=10)["type"] == "subscribe"

    def take(self) -> list[dict[str, Any]]:
        """All frames since the last time, in the order in which they came."""
        self._pubsub.ping()
        found = []
        while (message := self._pubsub.get_message(timeout=10)) and message["type"] != "pong":
            found.append(json.loads(message["data"]))
        assert message, "Redis did not answer"
        return found

    def close(self) -> None:
        self._pubsub.close()
        self._redis.close()
