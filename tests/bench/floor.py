"""The floor of fan-out: daphne with a hub and nothing else. No Django, no rights, no queue.

*Called by*: fanout.py (`python -m tests.bench.floor`). *Keeps true*: the same server, the same Redis and the same
frames as the product's, so that the ratio says what the product adds.
"""

import asyncio
import os
import sys
from typing import Any

from twisted.internet import asyncioreactor

asyncioreactor.install(asyncio.new_event_loop())

import redis.asyncio  # noqa: E402
from daphne.endpoints import build_endpoint_description_strings  # noqa: E402
from daphne.server import Server  # noqa: E402

TOPIC = "floor"
_sockets: dict[int, Any] = {}
_tasks: list[asyncio.Task[None]] = []


async def application(scope: dict, receive: Any, send: Any) -> None:
    if not _tasks:
        _tasks.append(asyncio.create_task(_deliver()))
    await receive()
    await send({"type": "websocket.accept"})
    _sockets[id(send)] = send
    while (await receive())["type"] != "websocket.disconnect":
        pass
    del _sockets[id(send)]


async def _deliver() -> None:
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]).pubsub() as listener:
        await listener.subscribe(TOPIC)
        async for message in listener.listen():
            if message["type"] == "message":
                text = message["data"].decode()
                for send in list(_sockets.values()):
                    await send({"type": "websocket.send", "text": text})


if __name__ == "__main__":
    where = build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1]))
    Server(application, endpoints=where, signal_handlers=True, websocket_timeout=-1, verbosity=0).run()
