"""Tables of the chat, one file a noun."""

from chat.models.mention import Mention, MentionKind
from chat.models.message import Message
from chat.models.reply import Reply, ReplyState

__all__ = ["Mention", "MentionKind", "Message", "Reply", "ReplyState"]
