"""What the page about limits shows, to members and to those who set them.

*Called by*: chat.views.limits. *Keeps true*: it costs the same however many members there are; Spaces that one may not
open are not named, not even by their limits.
"""

from typing import Any
from uuid import UUID

from billing import alerts, caps, credits, ledger, pace, paths, requests, wording
from billing.models import CapRequest, CapScope
from chat import rosters
from chat.place_forms import RosterForm
from workspace.models import AuditLine, Member, Space

SPACES_MAX = 200
CHANGES_SHOWN = 5


def of_viewer(member: Member) -> dict[str, Any]:
    """What is left for the member, and in the pool."""
    balance = ledger.balance(member.org_id)
    mine = CapRequest.objects.filter(member=member, scope=CapScope.MEMBER, answered_at=None).first()
    return {
        "mine": _shown(caps.of_member(member, balance=balance)),
        "open_request": mine,
        "pool_left": credits.format_ucr(balance.free_ucr),
        "resets_on": wording.day(balance.period_ends_at),
        "resets_at": balance.period_ends_at,
        "forecast": wording.foretold(pace.of_org(member.org_id, balance=balance)),
        "plan_path": paths.to_plan(member.org.slug),
        "usage_path": paths.to_usage(member.org.slug) if member.is_admin else "",
    }


def of_admin(member: Member, asked: Any) -> dict[str, Any]:
    """Limits to be set, requests to be answered, and what was changed last. `asked`: which of the members."""
    members = rosters.of_org(member, **RosterForm(asked).wanted)
    standings = caps.of_members(member.org_id, [each.pk for each in members.rows])
    for each in members.rows:
        each.standing = _shown(standings.get(each.pk))
    spaces = list(Space.objects.visible_to(member).of_the_plan().order_by("name")[:SPACES_MAX])
    of_spaces = caps.of_spaces(member.org_id, [each.pk for each in spaces])
    for each in spaces:
        each.standing = _shown(of_spaces.get(each.pk))  # type: ignore[attr-defined]
    default_ucr = caps.default_ucr(member.org_id)
    return {
        "members": members,
        "spaces": spaces,
        "default": None if default_ucr is None else credits.format_exact(default_ucr),
        "requests": _requests(member),
        "changes": _changes(member, {str(each.pk) for each in spaces}),
    }


def _shown(standing: caps.Allowance | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {
        "left": credits.format_ucr(standing.left_ucr),
        "limit": credits.format_exact(standing.limit_ucr),
        # Without what was given for this period alone.
        "lasting": credits.format_exact(standing.limit_ucr - standing.extra_ucr),
        "extra": credits.format_exact(standing.extra_ucr) if standing.extra_ucr else "",
        "used_percent": standing.used_percent,
        "is_default": standing.is_default,
    }


def _requests(member: Member) -> list[dict[str, Any]]:
    """Those that wait. The Space is named to who may open it."""
    rows = alerts.open_requests(member.org_id)
    ids = [each.scope_id for each in rows if each.scope == CapScope.SPACE]
    names: dict[UUID, str] = dict(Space.objects.visible_to(member).filter(pk__in=ids).values_list("pk", "name"))
    shown = []
    for each in rows:
        standing = caps.of_scope(each.org_id, each.scope, each.scope_id)
        shown.append(
            {
                "request": each,
                "told": wording.of_request(each),
                "space": names.get(each.scope_id, "") if each.scope == CapScope.SPACE else "",
                "is_of_space": each.scope == CapScope.SPACE,
                "standing": _shown(standing),
                "suggested": credits.format_exact(requests.suggested_ucr(each, standing)),
            }
        )
    return shown


def _changes(member: Member, visible_spaces: set[str]) -> list[dict[str, Any]]:
    """The last changes of limits, each with what undoes it."""
    lines = AuditLine.objects.filter(org=member.org, action="cap.changed").select_related("actor").order_by("-id")
    changes = []
    for line in lines[: CHANGES_SHOWN * 4]:
        said = line.details
        if said.get("scope") == CapScope.KEY or said["scope"] == CapScope.SPACE and said["id"] not in visible_spaces:
            continue
        was, now = said["was_ucr"], said["now_ucr"]
        changes.append(
            {
                "line": line,
                "scope": said["scope"],
                "subject": said["id"],
                "was": "" if was is None else credits.format_exact(was),
                "now": "" if now is None else credits.format_exact(now),
            }
        )
    return changes[:CHANGES_SHOWN]
