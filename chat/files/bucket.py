"""A bucket in which bytes lie: of S3, or of what speaks like it.

*Called by*: Django, as STORAGES["files"]; chat.files.store. *Keeps true*: nobody is ever sent there: what is read goes
through Parley, which looks at the rights. Imported only where a bucket is configured.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

PIECE = 128 * 1024


class Bucket(S3Storage):
    def pieces(self, name: str, *, start: int, length: int) -> Iterator[bytes]:
        if length <= 0:
            return
        stored: Any = self.bucket.Object(self._normalize_name(name))
        try:
            body = stored.get(Range=f"bytes={start}-{start + length - 1}")["Body"]
        except ClientError as error:
            raise FileNotFoundError(name) from error
        try:
            yield from body.iter_chunks(PIECE)
        finally:
            body.close()
