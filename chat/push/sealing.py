"""Letters that only one browser can open (RFC 8291), signed by this server (VAPID, RFC 8292).

*Called by*: chat.push.telling, chat.push.devices, chat.views.push. *Keeps true*: what leaves the house is sealed with
the browser's own key; a push service learns an address, a size and an opaque topic, and nothing else.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.utils.crypto import salted_hmac
from webpush import WebPush, WebPushSubscription
from webpush.types import WebPushKeys

from chat.models import PushSubscription

EXPIRES_SECONDS = 12 * 3600
# Services take 32 characters.
TOPIC_BYTES = 24
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Letter:
    """One POST to a push service."""

    endpoint: str
    headers: dict[str, str]
    body: bytes


def is_on() -> bool:
    """Whether this server has a key; without one, nothing is offered."""
    return bool(settings.VAPID_PRIVATE_KEY)


def public_key() -> str:
    """What a browser is given to subscribe with; "" without a key."""
    return _keys(settings.VAPID_PRIVATE_KEY)[2] if is_on() else ""


def seal(told: dict[str, object], to: PushSubscription, *, topic: str, urgency: str, ttl_seconds: int) -> Letter:
    """`topic`: of several that wait at the service, only the last is delivered."""
    private, public, _ = _keys(settings.VAPID_PRIVATE_KEY)
    parts = urlsplit(to.endpoint)
    # The library takes the host of an address for its origin, and would leave out a port.
    origin = SimpleNamespace(scheme=parts.scheme, host=parts.netloc)
    keys = WebPushKeys(auth=to.auth, p256dh=to.p256dh)
    sealed = WebPush(private, public, subscriber=settings.VAPID_SUBJECT, expiration=EXPIRES_SECONDS).get(
        orjson.dumps(told), WebPushSubscription.model_construct(endpoint=origin, keys=keys), ttl=ttl_seconds
    )
    headers = {name.title(): str(value) for name, value in sealed.headers.items()}
    headers |= {"Content-Type": "application/octet-stream", "Urgency": urgency, "Topic": topic}
    return Letter(to.endpoint, headers, sealed.encrypted)


def topic(device: PushSubscription, about: UUID) -> str:
    """A sign that two letters about the same share at one device, and that nobody can lay beside another device's."""
    sign = salted_hmac("chat.push.topic", f"{device.pk} {about}", algorithm="sha256").digest()[:TOPIC_BYTES]
    return base64.urlsafe_b64encode(sign).decode()


def is_key(text: str) -> bool:
    """Whether that is a browser's public key: a point of the curve P-256, as RFC 8291 writes it."""
    raw = _decoded(text)
    if len(raw) != 65 or raw[0] != 4:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return True


def is_secret(text: str) -> bool:
    """Whether that is a browser's authentication secret."""
    return len(_decoded(text)) == 16


def _decoded(text: str) -> bytes:
    """The bytes of base64url as browsers write it, without padding; none for what is not."""
    if not _BASE64URL.fullmatch(text):
        return b""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


@cache
def _keys(number: int) -> tuple[bytes, bytes, str]:
    """Private and public key as PEM, and the public one as browsers take it."""
    private = ec.derive_private_key(number, ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        base64.urlsafe_b64encode(point).decode().rstrip("="),
    )
