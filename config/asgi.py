"""The ASGI application: sockets to the consumer, everything else to Django.

*Called by*: daphne, or any ASGI server. *Keeps true*: nothing enters that is larger than its limit; a socket is
opened only from our own origins, and only with one Origin header.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

django_application = get_asgi_application()

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
