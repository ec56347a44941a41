"""Views of the usage page under names: one's own, and those that others share with all owners and admins.

*Called by*: chat.views.usage_views. *Keeps true*: a view holds what an address may ask for and nothing else; its maker
changes it, and the owner of the organization may delete one that is shared.
"""

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from billing.models import SavedView
from chat.usage import asked
from workspace import audit, names
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Role

VIEWS_MAX = 50
NAME_MAX = 60
QUERY_MAX = 1000


def seen_by(member: Member) -> QuerySet[SavedView]:
    """Own ones and shared ones, in the order of their names."""
    mine_or_shared = Q(member=member) | Q(is_shared=True)
    return (
        SavedView.objects.filter(mine_or_shared, org_id=member.org_id).select_related("member").order_by("name", "pk")
    )


@transaction.atomic
def save(member: Member, *, name: str, query: str, is_shared: bool) -> SavedView:
    """Give a name to what an address asks for. Raises Invalid."""
    name = _clean(name)
    wanted = asked.read(QueryDict(query[: 2 * QUERY_MAX]), member)
    if wanted.form.errors:
        raise Invalid(_("This time cannot be saved: it is none."))
    query = wanted.query()
    if len(query) > QUERY_MAX:
        raise Invalid(_("These filters are too long to be saved."))
    if SavedView.objects.filter(member=member).count() >= VIEWS_MAX:
        raise Invalid(
            _("You have {count} saved views, and that is the most. Delete one first.").format(count=VIEWS_MAX)
        )
    view = SavedView(org_id=member.org_id, member=member, name=name, query=query, is_shared=is_shared)
    return _store(view)


@transaction.atomic
def change(member: Member, view_id: int, *, name: str, is_shared: bool) -> SavedView:
    """Another name, or shared and no longer shared. Raises NotFound, Invalid."""
    view = _own(member, view_id)
    view.name, view.is_shared = _clean(name), is_shared
    return _store(view)


@transaction.atomic
def delete(member: Member, view_id: int) -> None:
    """Raises NotFound."""
    view = _own(member, view_id, also_shared=member.role == Role.OWNER)
    if view.member_id != member.pk:
        audit.record(member.org, member, "usage_view.deleted", view.name, of=view.member.handle)
    view.delete()


def _own(member: Member, view_id: int, *, also_shared: bool = False) -> SavedView:
    allowed = Q(member=member) | Q(is_shared=True) if also_shared else Q(member=member)
    view = SavedView.objects.filter(allowed, org_id=member.org_id, pk=view_id).select_related("member").first()
    if view is None:
        raise NotFound
    return view


def _clean(name: str) -> str:
    name = names.clean(name, what=_("name"))
    if len(name) > NAME_MAX:
        raise Invalid(
            _("The name is {length} characters long; at most {most} fit.").format(length=len(name), most=NAME_MAX)
        )
    return name


def _store(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Invalid(_("You have a view of that name already. Choose another.")) from None
    return view
