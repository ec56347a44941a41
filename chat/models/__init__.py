"""Tables of the chat, one file a noun."""

from chat.models.bookmark import Bookmark
from chat.models.draft import Draft
from chat.models.edit import Edit
from chat.models.file import Attachment, File, FileKind, FileState
from chat.models.link import Link, LinkState, MessageLink
from chat.models.mention import Mention, MentionKind
from chat.models.message import Message
from chat.models.note import Note
from chat.models.notice import Digest, Notice, NoticeKind, NoticeSettings
from chat.models.obeyed import Obeyed
from chat.models.passage import Imported, Passage, PassageKind, PassageState
from chat.models.push import Push, PushSubscription
from chat.models.reaction import Reaction
from chat.models.reminder import Reminder
from chat.models.reply import Reply, ReplyState
from chat.models.thread import Thread, ThreadMember
from chat.models.words import Words

__all__ = [
    "Attachment",
    "Bookmark",
    "Digest",
    "Draft",
    "Edit",
    "File",
    "FileKind",
    "FileState",
    "Imported",
    "Link",
    "LinkState",
    "Mention",
    "MentionKind",
    "Message",
    "MessageLink",
    "Note",
    "Notice",
    "NoticeKind",
    "NoticeSettings",
    "Obeyed",
    "Passage",
    "PassageKind",
    "PassageState",
    "Push",
    "PushSubscription",
    "Reaction",
    "Reminder",
    "Reply",
    "ReplyState",
    "Thread",
    "ThreadMember",
    "Words",
]
