"""Leave to send something large to an organization, given with the form and looked at before its body is read.

*Called by*: chat.views.passages, config.edge. *Keeps true*: leave is for one organization and one session, for a while;
to look at it takes no table, so the web process can do so before it keeps a single byte of what comes.
"""

import hashlib

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.cookie import parse_cookie

SECONDS = 24 * 3600


def give(request: HttpRequest, slug: str) -> str:
    """For a page that was shown to somebody who may."""
    return _signer(slug).sign(_session(request.COOKIES))


def holds(permit: str, slug: str, cookies: str) -> bool:
    """Whether it was given with a page of this organization to whoever sends these cookies."""
    session = _session(parse_cookie(cookies))
    try:
        return bool(session) and _signer(slug).unsign(permit, max_age=SECONDS) == session
    except signing.BadSignature:
        return False


def _signer(slug: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"workspace.permits:{slug}")


def _session(cookies: dict[str, str]) -> str:
    """The session by a digest: a permit stands in an address, and addresses are written down."""
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""
