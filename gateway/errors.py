"""How a call can fail, in codes for programs and sentences for people.

*Called by*: adapters, calls; shown under an answer by chat. *Keeps true*: the sentence never repeats what a
provider wrote; a failure says whether another try may help.
"""

from django.utils.translation import gettext_noop

SENTENCES = {
    "provider_busy": gettext_noop("The provider is busy and asked for a pause. Try again in a moment."),
    "provider_error": gettext_noop("The provider had an error."),
    "provider_auth": gettext_noop("The provider refused this server's key. An admin can check it."),
    "provider_refused": gettext_noop("The provider refused the request."),
    "context_too_long": gettext_noop("The conversation is longer than this model can read."),
    "unreachable": gettext_noop("The provider cannot be reached."),
    "first_byte_timeout": gettext_noop("The provider did not begin to answer in time."),
    "stalled": gettext_noop("The provider fell silent in the middle of the answer."),
    "total_timeout": gettext_noop("The answer took longer than the longest time allowed."),
    "cut": gettext_noop("The connection to the provider broke in the middle of the answer."),
    "bad_answer": gettext_noop("The provider sent something that is not an answer."),
    "empty": gettext_noop("The model answered nothing."),
    "no_route": gettext_noop("No provider of this model is switched on."),
}

RETRYABLE = {
    "provider_busy",
    "provider_error",
    "unreachable",
    "first_byte_timeout",
    "bad_answer",
    "cut",
    "empty",
    "stalled",
}


class CallFailed(Exception):
    """A call ended without a whole answer. `status` is the provider's HTTP status, `retry_after` in seconds."""

    def __init__(self, code: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.code = code
        self.status = status
        self.retry_after = retry_after
        super().__init__(SENTENCES[code])

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code]

    @property
    def is_retryable(self) -> bool:
        return self.code in RETRYABLE
