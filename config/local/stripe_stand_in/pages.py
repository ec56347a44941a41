"""HTML of the stand-in's own pages, from templates that escape what they show.

*Called by*: checkout_page.py, portal_page.py, invoice_page.py, index_page.py, server.py.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from config.local.stripe_stand_in.periods import money_words, time_words

HERE = Path(__file__).resolve().parent / "pages"
ENGINE = Engine(dirs=[str(HERE)])
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action *; base-uri 'none'"


@dataclass
class Page:
    """What a browser is answered."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def show(name: str, *, status: int = 200, **values: Any) -> Page:
    context = Context({**values, "money": money_words, "time": time_words}, use_l10n=False, use_tz=False)
    html = ENGINE.get_template(name).render(context)
    return Page(html.encode(), status, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def go(url: str) -> Page:
    """On to another page, with GET."""
    return Page(status=303, headers={"Location": url})


def not_found(what: str = "There is nothing at this address.") -> Page:
    return show("message.html", status=404, title="Not found", words=what)


def file(name: str, kind: str) -> Page:
    return Page((HERE / name).read_bytes(), kind=kind)
