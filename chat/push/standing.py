"""How things stand with notices at this moment: seen, silenced, counted.

*Called by*: chat.push.telling. *Keeps true*: the same few queries for any number of notices; each is judged by its own
member's eyes, settings and seat.
"""

from collections.abc import Collection

from django.db.models import Count

from chat.models import Notice, NoticeKind, NoticeSettings
from chat.models.notice import CALLING, PERSONAL
from chat.notices import levels
from workspace.models import Availability, Member, NoticeLevel, SpaceMember

BADGE_MAX = 100


class Standing:
    """Of notices that come with space, member and organization. Four queries."""

    def __init__(self, notices: Collection[Notice]) -> None:
        members = {notice.member for notice in notices}
        theirs = Notice.objects.visible().unread()
        ids = [notice.pk for notice in notices]
        self._seen = set(theirs.filter(pk__in=ids, message__deleted_at=None).values_list("pk", flat=True))
        self._settings = levels.settings_of_each(members)
        seats = SpaceMember.objects.filter(member__in=members, space__in={notice.space_id for notice in notices})
        self._seats = {(seat.member_id, seat.space_id): seat for seat in seats}
        calls = theirs.filter(member__in=members, kind__in=CALLING).values("member_id").annotate(number=Count("pk"))
        self._calls = {row["member_id"]: row["number"] for row in calls}

    def is_wanted(self, notice: Notice) -> bool:
        """Whether the person may see it still, has not read it, and still wants to be told of it."""
        member = notice.member
        if member.left_at or member.org.is_suspended or member.availability == Availability.BUSY:
            return False
        chosen = self.settings_of(member)
        if not chosen.is_pushed or notice.pk not in self._seen:
            return False
        seat = self._seats.get((notice.member_id, notice.space_id))
        level = (seat.notice_level if seat else "") or ("" if notice.space.is_direct else chosen.level)
        if level == NoticeLevel.NOTHING and notice.kind != NoticeKind.REMINDER:
            return False
        return not (seat and seat.is_muted and notice.kind not in PERSONAL)

    def settings_of(self, member: Member) -> NoticeSettings:
        return self._settings[member.pk]

    def calls(self, member: Member) -> int:
        """How often somebody means them and was not read yet, for the figure on the application's icon."""
        return min(self._calls.get(member.pk, 0), BADGE_MAX)
