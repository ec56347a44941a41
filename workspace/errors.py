"""Refusals: what a person may be told no for, and in which words.

*Called by*: every verb of every app. *Keeps true*: a refusal has a code for programs, an HTTP status and a
sentence for people, in their language; nothing else reaches a person as an error.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

# Refused ─┬─ NotFound     404  missing and forbidden alike
#          ├─ Forbidden    403  what one may see but not do
#          ├─ Invalid      422  a value that breaks a stated rule
#          └─ Suspended    403  the organization is suspended


class Refused(Exception):
    """An expected no. `details` go to programs beside the code; they hold plain JSON values only.

    `key` and `figures` are what its sentence is made of, for those that are kept and told in another language later.
    """

    code = "refused"
    status = 400
    message: Any = _("That was refused.")

    key = ""
    figures: dict[str, Any] = {}

    def __init__(self, message: str | None = None, **details: object) -> None:
        self.message = str(message or type(self).message)
        self.details = details
        super().__init__(self.message)


class NotFound(Refused):
    code = "not_found"
    status = 404
    message = _("There is nothing here, or it is not for you.")


class Forbidden(Refused):
    code = "forbidden"
    status = 403
    message = _("Your role does not allow that.")


class Invalid(Refused):
    code = "invalid"
    status = 422
    message = _("That value cannot be used.")


class Suspended(Refused):
    code = "org_suspended"
    status = 403
    message = _("This organization is suspended. Its owner can write to the operator of this server.")
