"""Addresses of the pages for people.

*Called by*: server.py.
"""

from config.local.stripe_stand_in import checkout_page, pages
from config.local.stripe_stand_in.api import Api
from config.local.stripe_stand_in.pages import Page
from config.local.stripe_stand_in.trouble import Refusal


def answer(api: Api, path: str, form: dict[str, str] | None, asked: dict[str, str]) -> Page:
    first, *steps = path.strip("/").split("/")
    steps += ["", ""]
    if path == "/stand_in.css":
        return pages.file("stand_in.css", "text/css; charset=utf-8")
    if first == "c" and steps[0] == "pay":
        return checkout_page.answer(api.world, steps[1], steps[2], form)
    return pages.not_found()


def show_refusal(refusal: Refusal) -> Page:
    return pages.show("message.html", status=refusal.status, title="That was refused", words=str(refusal))
