"""The ASGI application: sockets to the consumer, everything else to Django.

*Called by*: daphne, or any ASGI server. *Keeps true*: nothing enters that is larger than its limit; a socket is
opened only from our own origins, and only with one Origin header.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from config.pages import pages

django_application = pages()

from chat.sockets import socket_urls  # noqa: E402
from config.edge import Edge  # noqa: E402

application = Edge(
    ProtocolTypeRouter(
        {
            "http": django_application,
            "websocket": OriginValidator(AuthMiddlewareStack(URLRouter(socket_urls)), settings.ALLOWED_ORIGINS),
        }
    )
)
