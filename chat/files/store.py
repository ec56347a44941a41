"""Keeping bytes under keys that nobody can guess.

*Called by*: chat.files. *Keeps true*: a key is random and tells nothing; what is let go may be let go again.
"""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files import File as Bytes
from django.core.files.storage import storages


def new_key() -> str:
    """Two levels of folders, so that none of them grows long."""
    word = secrets.token_hex(20)
    return f"{word[:2]}/{word[2:4]}/{word[4:]}"


def put(key: str, source: Any) -> None:
    """Keep an open file under a key that nothing has yet. One that Django made of an upload is moved, not copied."""
    kept = _shelf().save(key, source if isinstance(source, Bytes) else Bytes(source))
    if kept != key:  # a storage gives another name rather than write over what is there
        _shelf().delete(kept)
        raise FileExistsError(key)


def pieces(key: str, *, start: int = 0, length: int) -> Iterator[bytes]:
    """The bytes, piece by piece."""
    return _shelf().pieces(key, start=start, length=length)


def read(key: str, *, length: int) -> bytes:
    """The first bytes, at once."""
    return b"".join(pieces(key, length=length))


def size(key: str) -> int:
    return int(_shelf().size(key))


def has(key: str) -> bool:
    return bool(_shelf().exists(key))


def drop(keys: Iterable[str]) -> None:
    for key in keys:
        _shelf().delete(key)


def _shelf() -> Any:
    return storages["files"]
