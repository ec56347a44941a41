"""What people do in a flow, and waiting for what comes of it.

*Called by*: the flows. *Keeps true*: nothing here sleeps for a result: it looks again until a deadline.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from chat import feed
from chat.models import Reply
from workspace.models import Member, Space


def wait_until(condition: Callable[[], object], *, seconds: float = 60, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.05)


def ask(space: Space, member: Member, text: str) -> list[Reply]:
    """Post a message; the answers that it asks for, in the order of the mentions."""
    written = feed.post(space, member, text=text, client_id=uuid.uuid4())
    return [message.reply for message in written[1:]]


def fresh(reply: Reply) -> Reply:
    """The answer as it stands now, with its message."""
    return Reply.objects.select_related("message", "ai_model").get(pk=reply.pk)


def ended(reply: Reply, *, seconds: float = 60) -> Reply:
    """Wait for the end of an answer."""
    wait_until(lambda: fresh(reply).is_done, seconds=seconds, what=f"the end of @{reply.ai_model.handle}'s answer")
    return fresh(reply)


def counted_prompt(reply: Reply, call: dict[str, Any]) -> int:
    """How many tokens of what the provider was sent we counted: four bytes each, without what joins turns of one role."""
    sent = sum(len(turn["content"].encode()) for turn in call["body"]["messages"])
    assert -(-sent // 4) - 1 <= (reply.prompt_tokens or 0) <= -(-sent // 4)
    return reply.prompt_tokens or 0


def words(count: int) -> str:
    """The text of so many deltas of the scripted provider."""
    return "".join(f"word{number} " for number in range(count))
