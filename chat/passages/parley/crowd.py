"""The people and models of an export of Parley, as they are called here.

*Called by*: chat.passages.parley.bring. *Keeps true*: nobody becomes an owner or an admin by an import; a model is
found by its handle, and where this server knows none of that name, a member without an account stands in for it.
"""

from typing import Any

from catalog.models import AIModel
from chat import markdown
from chat.passages.hold import Hold
from chat.passages.parley.export import Export, Somebody
from chat.passages.people import People, Person
from chat.passages.values import inside, line
from workspace import members
from workspace.models import Member, Org, Role


class Crowd(People):
    def __init__(self, held: Hold, export: Export, source: str) -> None:
        super().__init__(held, export, source)
        self._ai_models: dict[str, AIModel | None] = {}
        self._offered = set(AIModel.objects.values_list("handle", flat=True))

    def ai_model(self, value: Any) -> AIModel | None:
        handle = line(inside(value).get("handle"), 120)
        if handle not in self._ai_models:
            self._ai_models[handle] = AIModel.objects.filter(handle=handle).first()
        return self._ai_models[handle]

    def stand_in(self, value: Any) -> Member:
        """Who is named as the model."""
        name, handle = line(inside(value).get("name"), 80), line(inside(value).get("handle"), 120)
        return self.member(Person(id=f"model:{handle}"[:120], name=name or handle or "model", is_bot=True))

    @property
    def handles(self) -> dict[str, str]:
        found = {f"A:{each.pk}": each.handle for each in self._ai_models.values() if each}
        return super().handles | found

    def marked(self, text: str, table: list[dict[str, Any]]) -> str:
        """The text with the marks of its mentions as they are here; of whom nobody knows, the name stays."""
        known = {line(row.get("mark"), 60): line(row.get("handle"), 120) for row in table}

        def mark(hit: Any) -> str:
            key = f"{hit[1]}:{hit[2]}"
            if key not in known:
                return str(hit[0])
            return self._mark(hit[1], hit[2], known[key])

        return markdown.MENTION.sub(mark, text) if known else text

    def _mark(self, kind: str, target: str, handle: str) -> str:
        if kind == "G":
            return f"<@G:{target}>"
        if kind == "M" and (key := self.key(target)):
            return f"<@{key}>"
        ai_model = self.ai_model({"handle": handle}) if kind == "A" else None
        return f"<@A:{ai_model.pk}>" if ai_model else f"@{handle}"

    def _bring(self, org: Org, person: Person) -> Member:
        extra: dict[str, Any] = {}
        if isinstance(person, Somebody):
            extra = {"handle": person.handle, "left_at": person.left_at, "is_guest": person.role == Role.GUEST}
        member = members.bring(
            org, name=person.name, email=person.email, title=person.title, avoid_handles=self._offered, **extra
        )
        if isinstance(person, Somebody) and person.created_at:
            Member.objects.filter(pk=member.pk).update(created_at=person.created_at)
        return member
