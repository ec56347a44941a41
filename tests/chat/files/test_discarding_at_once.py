"""Discarding a file that several Spaces show, while others write in them."""

import threading
import uuid
from collections.abc import Callable
from types import SimpleNamespace

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction

from chat import feed
from chat.files import attachments, intake
from chat.models import Attachment
from tests.meanwhile import is_waited_for, until
from workspace.models import Space


def test_while_one_space_is_waited_for_no_other_is_held_up(
    committed_db: None, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    first, second = sorted((juniper.space, juniper.private), key=lambda space: space.pk)
    file = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.txt", b"words"))
    for space in (first, second):
        feed.post(space, juniper.ben, text="look", client_id=uuid.uuid4(), files=[file.pk])

    def discard() -> None:
        try:
            attachments.discard(juniper.ben, file)
        finally:
            connections.close_all()

    other = threading.Thread(target=discard)
    with transaction.atomic():
        Space.objects.select_for_update().get(pk=second.pk)
        other.start()
        assert until(is_waited_for)
        left = Attachment.objects.filter(file=file).values_list("message__space", flat=True)
        waiting = list(left)
        Space.objects.select_for_update(nowait=True).get(pk=first.pk)
    other.join()

    assert waiting == [second.pk] and not left.all().exists()
