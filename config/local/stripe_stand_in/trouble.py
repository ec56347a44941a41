"""What the API answers when it does not do what was asked, in Stripe's own shape.

*Called by*: every file of this package. *Keeps true*: an answer has the status, type, code and parameter of
Stripe's.
"""

from typing import Any

Thing = dict[str, Any]
DOCS = "https://stripe.com/docs/error-codes/"


class Refusal(Exception):
    """An answer that is not 200. `more` goes into the error object as it is."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Thing = {"message": message, "type": kind}
        if code:
            self.error |= {"code": code, "doc_url": DOCS + code.replace("_", "-")}
        if param:
            self.error["param"] = param
        self.error |= more


def missing(kind: str, key: str, *, param: str = "id") -> Refusal:
    return Refusal(404, f"No such {kind}: '{key}'", code="resource_missing", param=param)


def unknown_parameter(name: str) -> Refusal:
    return Refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def missing_parameter(name: str) -> Refusal:
    return Refusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def invalid(message: str, *, param: str = "", code: str = "") -> Refusal:
    return Refusal(400, message, code=code, param=param)


def declined(decline_code: str, message: str, *, code: str = "card_declined", **more: Any) -> Refusal:
    return Refusal(402, message, kind="card_error", code=code, decline_code=decline_code, **more)
