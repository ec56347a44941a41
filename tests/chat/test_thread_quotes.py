"""What a reply in the feed shows of the message that it replies to."""

import uuid
from types import SimpleNamespace

from django.db import transaction

from chat import broadcast, feed, threads
from chat.models import Message
from workspace.models import Space


def test_replies_in_the_feed_are_told_again_when_their_root_says_something_else(juniper: SimpleNamespace) -> None:
    def post(text: str, **where: object) -> Message:
        return feed.post(juniper.space, juniper.ana, text=text, client_id=uuid.uuid4(), **where)[0]  # type: ignore[arg-type]

    root = post("A **bold** plan & more")
    post("hidden", parent=root)
    shown = [post(f"shown {number}", parent=root, in_feed=True) for number in range(2)]
    before = Space.objects.get(pk=juniper.space.pk).revision
    assert "replied in a thread: A bold plan &amp; more" in str(broadcast.as_json(feed.load([shown[0].pk])[0])["html"])

    with transaction.atomic():
        Message.objects.filter(pk=root.pk).update(text="Another", html="<p>Another</p>")
        told = threads.quote_again(root)

    assert [message.pk for message in told] == [message.pk for message in shown]
    assert [message.revision for message in told] == [before + 1, before + 2]
    assert "replied in a thread: Another" in str(broadcast.as_json(told[0])["html"])
