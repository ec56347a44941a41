"""Who is told what: unread, notices, levels, and how they leave the house.

*Called by*: chat.feed, chat.edits, chat.reactions, chat.reminders, chat.threads, as `notices.note_post(...)`.
"""

from chat.notices.posting import (
    drop_reaction,
    forget,
    note_answer,
    note_edit,
    note_post,
    note_reaction,
    note_reminders,
    present,
)
from chat.notices.unread import read_thread

__all__ = [
    "drop_reaction",
    "forget",
    "note_answer",
    "note_edit",
    "note_post",
    "note_reaction",
    "note_reminders",
    "present",
    "read_thread",
]
