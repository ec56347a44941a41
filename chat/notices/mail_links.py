"""The link in a mail that turns mails off, for whoever holds it.

*Called by*: chat.notices.letter, chat.views.mails. *Keeps true*: a link is a signature over the member and the choice
it was sent by, so that nothing stored opens it, it works signed out, and it can be undone; it ends when they leave.
"""

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from chat.models import Digest
from workspace.errors import NotFound
from workspace.models import Member

_signer = Signer(salt="chat.notices.mail_links")


def address(member: Member, digest: str) -> str:
    return settings.PARLEY_URL + reverse("mail_off", args=[key(member, digest)])


def key(member: Member, digest: str) -> str:
    return _signer.sign(f"{member.pk.hex}:{digest}")


def read(text: str) -> tuple[Member, Digest]:
    """Whose mails it turns off, and how they were sent. Raises NotFound."""
    try:
        who, _, digest = _signer.unsign(text).partition(":")
        return Member.objects.present().select_related("user", "org").get(pk=UUID(who)), Digest(digest)
    except (BadSignature, ValueError, Member.DoesNotExist):
        raise NotFound from None
