"""Who is served at once: so many in all, so many of one person, and whoever asks whether the server lives.

*Called by*: config.pages. *Keeps true*: nobody holds more than a share of the places, however much they ask for; what
one person waits for holds no place; a probe is answered while all places are taken.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Below PARLEY_DB_POOL: sockets and health checks need connections too.
AT_ONCE = 10
AT_ONCE_EACH = 4
PROBES_AT_ONCE = 2
# A browser asks for all pictures of a page together.
WAITING_EACH = 200
KNOWN_MAX = 10_000


class Crowded(Exception):
    """This person has more waiting than anybody needs."""


class _Share:
    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE_EACH)
        self.count = 0


class Turns:
    """Belongs to one event loop. A person is told by their session; that sessions are of one person, it learns."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._probes = asyncio.Semaphore(PROBES_AT_ONCE)
        self._shares: dict[tuple[str, str], _Share] = {}
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def learn(self, session: str, user_id: str) -> None:
        self._known[session] = ("user", user_id)
        self._known.move_to_end(session)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    @asynccontextmanager
    async def of(self, session: str) -> AsyncIterator[None]:
        """A place for whoever has this session; "" for nobody's. Raises Crowded."""
        if not session:
            async with self._all:
                yield
            return
        key = self._known.get(session, ("session", session))
        share = self._shares.setdefault(key, _Share())
        if share.count >= AT_ONCE_EACH + WAITING_EACH:
            raise Crowded
        share.count += 1
        try:
            async with share.turns, self._all:
                yield
        finally:
            share.count -= 1
            if not share.count:
                del self._shares[key]

    def probe(self) -> asyncio.Semaphore:
        return self._probes
