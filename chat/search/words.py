"""Writing down what messages are found by.

*Called by*: every verb that changes what a message says or carries. *Keeps true*: written in the transaction of the
change, by one statement, whatever the number of messages.
"""

import uuid
from collections.abc import Sequence

from django.db import connection


def write(message_ids: Sequence[uuid.UUID]) -> None:
    """Index these messages as they stand now; deleted ones are forgotten. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT chat_write_words(%s)", [list(message_ids)])
