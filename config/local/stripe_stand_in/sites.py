"""Addresses of the pages for people.

*Called by*: server.py.
"""

from config.local.stripe_stand_in import challenge_page, checkout_page, index_page, invoice_page, pages, portal_page
from config.local.stripe_stand_in.api import Api
from config.local.stripe_stand_in.pages import Page
from config.local.stripe_stand_in.trouble import Refusal


def answer(api: Api, path: str, form: dict[str, str] | None, asked: dict[str, str]) -> Page:
    first, *steps = path.strip("/").split("/")
    steps += ["", ""]
    if path == "/":
        return index_page.answer(api, form)
    if first == "events":
        return index_page.show_event(api.world, steps[0])
    if path == "/favicon.ico":
        return pages.Page(status=204)
    if path == "/stand_in.css":
        return pages.file("stand_in.css", "text/css; charset=utf-8")
    if first == "c" and steps[0] == "pay":
        return checkout_page.answer(api.world, steps[1], steps[2], form)
    if first == "p" and steps[0] == "session":
        return portal_page.answer(api.world, steps[1], steps[2], form)
    if first == "i":
        return invoice_page.answer(api.world, steps[0], steps[1], form)
    if first == "receipts":
        return invoice_page.show_receipt(api.world, steps[0])
    if first == "three_d_secure":
        return challenge_page.answer(api.world, steps[0], form)
    return pages.not_found()


def show_refusal(refusal: Refusal) -> Page:
    return pages.show("message.html", status=refusal.status, title="That was refused", words=str(refusal))
