"""What the tests of notices do all the time. *Called by*: tests.chat.notices."""

import time
import uuid
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import F

from chat import broadcast, feed, presence
from chat.models import Message, Notice, NoticeSettings, Thread, ThreadMember
from workspace.models import Member, Space, SpaceMember


def say(space: Space, author: Member, text: str = "hello") -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())[0]


def told(message: Message) -> dict[str, str]:
    """First name to kind, for all whom a message told."""
    return {notice.member.display_name: notice.kind for notice in Notice.objects.filter(message=message)}


def sit(space: Space, member: Member, **fields: object) -> SpaceMember:
    """The member's seat, with these fields."""
    seat, _ = SpaceMember.objects.update_or_create(
        space=space, member=member, defaults=fields, create_defaults={"org": space.org, **fields}
    )
    return seat


def prefer(member: Member, **fields: object) -> NoticeSettings:
    return NoticeSettings.objects.update_or_create(member=member, defaults=fields)[0]


def follow(root: Message, member: Member, *, is_following: bool = True) -> ThreadMember:
    thread, _ = Thread.objects.get_or_create(message=root, org=member.org)
    return ThreadMember.objects.update_or_create(
        thread=thread, member=member, org=member.org, defaults={"is_following": is_following}
    )[0]


def come(member: Member) -> None:
    """Be here, as a tab that is in use says."""
    here, active, _ = presence._keys(member.org_id)
    seat = {f"{member.pk}:{uuid.uuid4().hex}": time.time() + presence.BEAT_SECONDS}
    assert broadcast.ask(lambda pipe: pipe.zadd(here, seat).zadd(active, seat))


def show(member: Member) -> None:
    EmailAddress.objects.create(user=member.user, email=member.email, verified=True, primary=True)


def age(minutes: int = 16) -> None:
    """What there is becomes so much older."""
    Notice.objects.update(created_at=F("created_at") - timedelta(minutes=minutes))


def lapse() -> None:
    """As if the time after which a member is tried again were over."""
    NoticeSettings.objects.update(mail_after=None)
