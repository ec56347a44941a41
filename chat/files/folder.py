"""A folder in which bytes lie: of this machine, or shared by several.

*Called by*: Django, as STORAGES["files"]; chat.files.store. *Keeps true*: nothing but this process's user reads it, and
it is not where the web server would find files to serve.
"""

from collections.abc import Iterator

from django.core.files.storage import FileSystemStorage

PIECE = 128 * 1024


class Folder(FileSystemStorage):
    def pieces(self, name: str, *, start: int, length: int) -> Iterator[bytes]:
        with self.open(name) as file:
            file.seek(start)
            while length > 0 and (piece := file.read(min(PIECE, length))):
                length -= len(piece)
                yield piece
