"""What people do on a page before it is looked at: menus, dialogs, panels, errors, empty places.

*Called by*: test_accessible.py. *Keeps true*: each is reached as a person reaches it.
"""

from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from tests.browser.tour import PHONE, UNBORN, Stop
from tests.test_access_matrix import address
from tests.workspace.actors import World
from workspace.models import Space


def states(world: World) -> Iterator[Stop]:
    space = address("space", world, world.public)
    slug = world.org.slug
    yield Stop("space, mention list", space, "org_owner", _mentions)
    yield Stop("space, command list", space, "org_owner", _commands)
    yield Stop("space, list of shortcodes", space, "org_owner", _shortcodes)
    yield Stop("space, forwarding a message", space, "org_owner", _forward)
    yield Stop("space, thread in the panel", space, "org_owner", _thread)
    yield Stop("space, files in the panel", space, "org_owner", _files)
    yield Stop("space, new message in the panel", space, "org_owner", _new_message)
    yield Stop("space, shortcut sheet", space, "org_owner", _shortcuts)
    yield Stop("space, bar of a message", space, "org_owner", _bar)
    yield Stop("space, menu of a message", space, "org_owner", _menu)
    yield Stop("space, emoji picker", space, "org_owner", _emoji)
    yield Stop("space, editing a message", space, "org_owner", _edit)
    yield Stop("space, asked whether to delete", space, "org_owner", _delete)
    yield Stop("space, drawer on a phone", space, "org_owner", _drawer)
    yield Stop("space, picture viewer", space, "org_owner", _picture)
    yield Stop("space, cut off", space, "org_owner", _cut_off)
    yield Stop("space, empty", f"/spaces/{Space.objects.get(org=world.org, name='Empty').pk}/", "org_owner")
    yield Stop("space, of a guest", address("space", world, world.private), "guest_in_space")
    yield Stop("direct conversation", address("space", world, world.direct), "member")
    yield Stop("search, found", f"/orgs/{slug}/search/?q=sea", "org_owner")
    yield Stop("search, nothing found", f"/orgs/{slug}/search/?q=zebra+in:nowhere", "org_owner")
    yield Stop("usage, by model", f"/orgs/{slug}/usage/?by=model&span=30d", "org_owner")
    yield Stop("usage, tables and form open", f"/orgs/{slug}/usage/?provider=nobody", "org_owner", _unfold)
    yield Stop(
        "usage, a time that is none", f"/orgs/{slug}/usage/?from=2026-02-30&to=2026-03-01", "org_owner", status=422
    )
    yield Stop("usage, nothing used", f"/orgs/{slug}/usage/?span=last", "org_admin")
    yield Stop("calls, none", f"/orgs/{slug}/usage/calls/?span=last", "org_admin")
    yield Stop("saved views, one being changed", f"/orgs/{slug}/usage/views/", "org_owner", _unfold)
    yield Stop("events of the payment provider", "/operator/stripe/", "operator")
    yield Stop("events, none", "/operator/stripe/?type=nothing", "operator")
    yield Stop("threads, none", f"/orgs/{slug}/threads/", "guest_in_space")
    yield Stop("spaces, refused", f"/orgs/{slug}/spaces/", "org_owner", lambda page: _send_empty(page, "/spaces/"))
    yield Stop("login, refused", "/accounts/login/", "anonymous", lambda page: _send_empty(page, "/login/"))
    yield Stop("signup, refused", "/accounts/signup/", "anonymous", lambda page: _send_empty(page, "/signup/"))
    yield Stop("missing", "/orgs/nowhere/", "org_owner", status=404)
    yield Stop("missing, signed out", "/nowhere/", "anonymous", status=404)
    yield Stop("organization suspended", address("spaces", world, world.frozen), "suspended_org_member", status=403)
    yield Stop("invitation over", address("join", world, world.frozen), "anonymous", status=410)


def _unfold(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


def _box(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message")
    box.fill("")  # what was written before is a draft
    box.click()


def _mentions(page: Page) -> None:
    _box(page)
    page.keyboard.type("@o")
    expect(page.get_by_role("option").first).to_be_visible()


def _commands(page: Page) -> None:
    _box(page)
    page.keyboard.type("/")
    expect(page.get_by_role("option").first).to_be_visible()


def _shortcodes(page: Page) -> None:
    _box(page)
    page.keyboard.type(":thu")
    expect(page.get_by_role("option").first).to_be_visible()


def _forward(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Forward").click()
    page.get_by_role("option").first.click()
    expect(page.get_by_role("button", name="Forward", exact=True)).to_be_visible()


def _in_panel(page: Page) -> None:
    expect(page.locator("side-panel [data-part] *").first).to_be_visible()
    expect(page.locator(UNBORN)).to_have_count(0)


def _thread(page: Page) -> None:
    page.locator("#main .thread-foot").first.click()
    _in_panel(page)


def _files(page: Page) -> None:
    page.locator(".bar [data-opens-panel]", has_text="Files").click()
    _in_panel(page)


def _new_message(page: Page) -> None:
    page.get_by_role("link", name="New message").click()
    _in_panel(page)


def _shortcuts(page: Page) -> None:
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def _own(page: Page) -> Locator:
    return page.locator("#main article[data-mine]").last


def _bar(page: Page) -> None:
    _own(page).hover()
    expect(_own(page).get_by_role("button", name="More")).to_be_visible()


def _menu(page: Page) -> None:
    _bar(page)
    _own(page).get_by_role("button", name="More").click()
    expect(page.get_by_role("menu")).to_be_visible()


def _emoji(page: Page) -> None:
    _bar(page)
    _own(page).get_by_role("button", name="React").click()
    expect(page.get_by_role("combobox", name="Search emoji")).to_be_visible()


def _edit(page: Page) -> None:
    _bar(page)
    _own(page).get_by_role("button", name="Edit").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def _delete(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _drawer(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Open the menu").click()
    expect(page.get_by_role("button", name="Close the menu")).to_be_visible()


def _picture(page: Page) -> None:
    page.get_by_role("link", name="shore.png").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _cut_off(page: Page) -> None:
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    try:
        expect(page.locator("connection-banner")).to_be_visible()
    finally:
        page.context.set_offline(False)


def _send_empty(page: Page, action: str) -> None:
    """Send the page's form as it is, past what the browser would say."""
    form = page.locator(f"form[action*='{action}'], main form").last
    form.evaluate("(form) => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_role("alert").or_(page.locator("[aria-invalid=true]")).first).to_be_visible()
