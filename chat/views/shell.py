"""What makes the site an application: its manifest, its service worker, the page for no connection.

*Called by*: config.urls; browsers. *Keeps true*: the same for everybody, whoever is signed in; the worker is served
from the root, for it may speak for no page above its own address.
"""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

# Those of tokens.css, for the frame of the window before a page has come.
PAPER = "#fcfbf9"
ICONS = (
    ("img/icon-192.png", "192x192", "any"),
    ("img/icon-512.png", "512x512", "any"),
    ("img/icon-maskable-512.png", "512x512", "maskable"),
    ("img/favicon.svg", "any", "any"),
)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    icons = [
        {"src": staticfiles_storage.url(path), "sizes": sizes, "type": _type(path), "purpose": purpose}
        for path, sizes, purpose in ICONS
    ]
    told = {
        "id": "/",
        "name": "Parley",
        "short_name": "Parley",
        "description": _("Team chat in which AI models are members of the conversation."),
        "lang": request.LANGUAGE_CODE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["productivity", "business"],
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Another worker, as browsers see it, whenever a static file or the language is another."""
    version = f"{getattr(staticfiles_storage, 'manifest_hash', '')}-{request.LANGUAGE_CODE}"
    script = render_to_string("sw.js", {"version": version})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker keeps and shows while the server cannot be reached."""
    return HttpResponse(render_to_string("offline.html"))


def _type(path: str) -> str:
    return "image/svg+xml" if path.endswith(".svg") else "image/png"
