"""What usage is called: members, Spaces, models, providers, keys and kinds, those that are gone too.

*Called by*: chat.usage.tables, chat.usage.sheet, chat.views. *Keeps true*: a private Space of which the reader is no
member has no name here, and a direct conversation of others neither; each list of names is one query.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from billing.usage import OWN_NAME
from catalog.models import AIModel, Provider
from workspace import access, titles
from workspace.models import Member, Space


class Names:
    """Names as one reader may read them, kept once they were looked up."""

    def __init__(self, reader: Member) -> None:
        self.reader = reader
        self._known: dict[str, dict[str, str]] = {}
        self.open_spaces: set[str] = set()

    def learn(self, dimension: str, values: Iterable[str]) -> None:
        """Look up what is not known yet, at once."""
        known = self._known.setdefault(dimension, {"": _NONE[dimension]() if dimension in _NONE else ""})
        wanted = {value for value in values if value not in known}
        if wanted:
            known |= {value: self._lost(dimension, value) for value in wanted} | self._found(dimension, wanted)

    def of(self, dimension: str, value: str) -> str:
        self.learn(dimension, [value])
        return self._known[dimension][value]

    def _found(self, dimension: str, wanted: set[str]) -> dict[str, str]:
        match dimension:
            case "member":
                people = access.acquaintances(self.reader).filter(pk__in=wanted)
                return {str(pk): name for pk, name in people.values_list("pk", "display_name")}
            case "space":
                return self._spaces(wanted)
            case "model":
                ids = {int(value) for value in wanted if not value.startswith(OWN_NAME)}
                return {str(pk): name for pk, name in AIModel.objects.filter(pk__in=ids).values_list("pk", "name")}
            case "provider":
                return dict(Provider.objects.filter(pk__in=wanted).values_list("pk", "name"))
        return {}

    def _spaces(self, wanted: set[str]) -> dict[str, str]:
        theirs = Space.objects.filter(org_id=self.reader.org_id, pk__in=wanted).values_list("pk", "kind")
        hidden = {
            str(pk): _("A direct conversation") if kind == "direct" else _("A private Space") for pk, kind in theirs
        }
        seen = titles.name_for(self.reader, Space.objects.visible_to(self.reader).filter(pk__in=wanted))
        self.open_spaces |= {str(space.pk) for space in seen}
        return hidden | {str(space.pk): _title(space) for space in seen}

    def _lost(self, dimension: str, value: str) -> str:
        match dimension:
            case "member":
                return _("A member who was deleted")
            case "space":
                return _("A Space that was deleted")
            case "model" if value.startswith(OWN_NAME):
                return value.removeprefix(OWN_NAME)
            case "model":
                return _("A model that is no longer listed")
            case "key":
                return _("API key {start}…").format(start=value[:8])
            case "kind":
                return {"reply": _("Answers"), "schedule": _("Scheduled prompts"), "batch": _("Batches")}.get(
                    value, value
                )
        return value


def _title(space: Space) -> str:
    return _("Conversation with {names}").format(names=space.name) if space.is_direct else space.name


_NONE = {
    "member": lambda: _("Nobody in particular"),
    "space": lambda: _("Outside of Spaces"),
    "model": lambda: _("A model that is no longer listed"),
    "provider": lambda: _("Not known"),
    "key": lambda: _("Without an API key"),
}
