"""Settings of notifications to devices: the server's key, who answers for it, and which push services are called.

*Called by*: config.settings. *Keeps true*: a key or a place that cannot work stops the start with a sentence, and no
sentence says the key.
"""

import base64
import binascii
from email.utils import parseaddr
from urllib.parse import urlsplit

# The services of the browsers: Firefox, Chrome and its kin, Safari, Edge.
SERVICES = (
    "updates.push.services.mozilla.com",
    "fcm.googleapis.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
# The order of the curve P-256: a private key is a number below it (SEC 2).
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def private_key(text: str) -> int:
    """The number that the key is; 0 where there is none."""
    if not text.strip():
        return 0
    try:
        raw = base64.b64decode(text.strip().rstrip("=") + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    number = int.from_bytes(raw, "big")
    if len(raw) != 32 or not 0 < number < P256_ORDER:
        raise SystemExit("VAPID_PRIVATE_KEY is not a key: 32 bytes in base64url are, 43 letters (docs/settings.md).")
    return number


def subject(text: str, *, mail_from: str) -> str:
    """A mail address at which the operators of push services can complain."""
    return text.strip().removeprefix("mailto:") or parseaddr(mail_from)[1]


def places(text: str) -> frozenset[str]:
    """The known services and what the operator adds: hosts, `*.domain`s, whole origins (https://push.example:8443)."""
    more = [each.strip().lower().rstrip("/") for each in text.split(",") if each.strip()]
    for each in more:
        parts = urlsplit(each)
        is_origin = parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path and not parts.query
        is_host = "/" not in each and ":" not in each and "." in each and each.count("*") <= each.startswith("*.")
        if not (is_origin or is_host) or "@" in each:
            raise SystemExit(f"PUSH_PLACES: {each!r} is neither a host, nor *.domain, nor https://host:port.")
    return frozenset([*SERVICES, *more])
