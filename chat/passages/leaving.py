"""Asking for an export: of the organization by its owner, of one's own data by anybody.

*Called by*: chat.views.exports. *Keeps true*: one at a time; a new archive takes the place of the one before, so that
what was taken out does not pile up; who asked for what is in the trail.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chat.files import names, store
from chat.models import Passage, PassageKind, PassageState
from chat.passages import coming, hold
from workspace import audit, orgs
from workspace.errors import Forbidden, Invalid
from workspace.models import Member, Role


@transaction.atomic
def ask_org(owner: Member, *, is_everything: bool) -> Passage:
    """Have an archive of the organization made; with `is_everything` also of what its owner is not in, and then every
    member is told. Raises Forbidden, Invalid while another passage is under way.
    """
    if owner.role != Role.OWNER:
        raise Forbidden(_("Only the owner can export the organization."))
    coming.require_nothing_under_way(orgs.lock(owner.org))
    return _ask(owner, PassageKind.ORG_OUT, {"is_everything": is_everything})


@transaction.atomic
def ask_own(member: Member) -> Passage:
    """Have an archive made of what the member has here. Raises Invalid while one is being made."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if _own(member, PassageKind.MEMBER_OUT).filter(state__in=hold.OPEN).exists():
        raise Invalid(_("Your export is being made already. Wait until it is there, or stop it."))
    return _ask(member, PassageKind.MEMBER_OUT, {})


def name_of(passage: Passage) -> str:
    """What a browser saves the archive as, as a header says it."""
    whose = passage.org.slug if passage.kind == PassageKind.ORG_OUT else f"{passage.org.slug}-{passage.asked_by.handle}"
    return names.disposition(f"parley-{whose}-{passage.created_at:%Y-%m-%d}.zip")


def _ask(member: Member, kind: str, wanted: dict[str, bool]) -> Passage:
    before = list(_own(member, kind).exclude(key="").values_list("pk", "key"))
    Passage.objects.filter(pk__in=[pk for pk, _key in before]).update(key="")
    transaction.on_commit(lambda: store.drop(key for _pk, key in before))
    passage = Passage.objects.create(
        org_id=member.org_id,
        asked_by=member,
        kind=kind,
        state=PassageState.QUEUED,
        preview=wanted,
        expires_at=hold.until(days=hold.KEEP_DAYS),
    )
    audit.record(member.org, member, "export.asked", str(passage.pk), kind=kind, **wanted)
    coming.wake(passage)
    return passage


def _own(member: Member, kind: str) -> QuerySet[Passage]:
    return Passage.objects.filter(asked_by=member, kind=kind)
