"""A file that one member sends and the other sees, at a desk and on a phone."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat.models import File
from tests.doubles import uploads

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# What a browser hands to a page when files are dropped or pasted; Playwright has no hands for it.
DROP = """([type, name, bytes]) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  if (type === "paste") {
    const event = new ClipboardEvent("paste", { ...options, clipboardData: moved });
    document.querySelector("message-composer textarea").dispatchEvent(event);
  } else for (const step of ["dragenter", "dragover", type]) {
    document.querySelector("main [role=log]").dispatchEvent(new DragEvent(step, { ...options, dataTransfer: moved }));
    if (step === "dragover" && !document.querySelector(".drop")) throw new Error("no sign of where to drop");
  }
}"""


def parts(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


# A page as ours are, with a part for the panel and one for the place of a Space.
FALSE_PAGE = """<!doctype html><html lang="en"><body><main data-swap="main"><div data-panel="Files">Falsified</div></main>
</body></html>"""
# What a file on this server answers to each of the doors through which pages and answers come.
TAKEN = """async (url) => {
  const { get, page } = await import("parley/lib/http");
  const { isPanel } = await import("parley/models/panel-address");
  const ends = [await page("/profile/"), page(url), get(url)].map(async (end) => {
    try { return typeof (await end).html; } catch (error) { return error.name + " " + error.message; }
  });
  const links = [...document.querySelectorAll("a[data-opens-panel][href]")].map((link) => link.getAttribute("href"));
  return [await Promise.all(ends), isPanel(url), links.length > 4, links.filter((href) => !isPanel(href))];
}"""


@pytest.fixture
def two(tab_of: Callable[..., Page], make_org: Callable[..., SimpleNamespace], served: Any) -> SimpleNamespace:
    """Ben and Mei with the same Space before them."""
    juniper = make_org()

    def open_tabs(**options: Any) -> tuple[Page, Page]:
        tabs = tab_of(juniper.ben, **options), tab_of(juniper.mei, **options)
        for tab in tabs:
            tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
        return tabs

    return SimpleNamespace(open=open_tabs, **vars(juniper))


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_upload_is_seen_by_the_other(screen: dict[str, Any], two: SimpleNamespace) -> None:
    ben, mei = two.open(**screen)

    ben.set_input_files(
        "input[data-files]", [parts("harbour.jpg", uploads.photograph()), parts("notes.txt", b"at nine")]
    )
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(2)
    ben.get_by_role("button", name="Send").click()

    expect(mei.get_by_text("notes.txt", exact=True)).to_be_visible()
    expect(mei.locator(".files__excerpt")).to_have_text("at nine")
    expect(mei.locator("#read-out")).to_have_text("Ben: harbour.jpg. notes.txt")
    picture = mei.get_by_role("img", name="harbour.jpg")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_have_js_property("naturalWidth", 300)
    mei.locator("a[data-picture]").click()
    expect(mei.get_by_role("dialog").get_by_text("Ben")).to_be_visible()
    mei.keyboard.press("Escape")
    expect(mei.get_by_role("dialog")).to_have_count(0)
    expect(ben.locator(".tray__file")).to_have_count(0)
    assert mei.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_pictures_are_dropped_pasted_and_taken_out_again(two: SimpleNamespace) -> None:
    ben, mei = two.open(**DESK)
    data = list(uploads.picture())

    ben.evaluate(DROP, ["drop", "dropped.png", data])
    ben.evaluate(DROP, ["paste", "pasted.png", data])
    ben.set_input_files("input[data-files]", [parts("mistake.txt", b"words"), parts("empty.txt", b"")])
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(3)
    ben.get_by_role("textbox", name="Message").press("Enter")
    expect(ben.get_by_text("empty.txt was not sent.")).to_be_visible()
    ben.get_by_role("button", name="Take empty.txt out").click()
    ben.get_by_role("button", name="Take mistake.txt out").click()
    ben.get_by_role("textbox", name="Message").press("Enter")

    expect(mei.locator("a[data-picture]")).to_have_count(2)
    expect(mei.get_by_text("mistake.txt")).to_have_count(0)


def test_what_was_sent_to_the_server_survives_a_reload(two: SimpleNamespace) -> None:
    ben, mei = two.open(**DESK)
    ben.set_input_files("input[data-files]", parts("notes.txt", b"words"))
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1)

    ben.reload()
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1)
    ben.get_by_role("textbox", name="Message").press("Enter")

    expect(mei.get_by_text("notes.txt", exact=True)).to_be_visible()
    assert File.objects.count() == 1


def test_a_lost_connection_is_waited_for(two: SimpleNamespace) -> None:
    ben, mei = two.open(**DESK)
    ben.context.set_offline(True)
    ben.set_input_files("input[data-files]", parts("notes.txt", b"words"))
    expect(ben.locator(".tray__file:not([data-state=sent])")).to_have_count(1)

    ben.context.set_offline(False)
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1, timeout=20_000)
    ben.get_by_role("textbox", name="Message").press("Enter")

    expect(mei.get_by_text("notes.txt", exact=True)).to_be_visible()


def test_a_file_that_somebody_brought_is_never_taken_for_a_page(two: SimpleNamespace, served: Any) -> None:
    ben, mei = two.open(**DESK)
    ben.set_input_files("input[data-files]", parts("page.html", FALSE_PAGE.encode()))
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1)
    ben.get_by_role("textbox", name="Message").press("Enter")
    file = mei.locator("#feed a[download], #feed a[href$='page.html']").first
    path = file.get_attribute("href")
    assert path and path.endswith("/page.html")

    ends, is_panel, has_links, others = mei.evaluate(TAKEN, path)
    with mei.expect_download():
        mei.evaluate("(url) => document.dispatchEvent(new CustomEvent('panel.open', {detail: {url}}))", path)
    with mei.expect_download():
        mei.evaluate("async (url) => (await import('parley/models/visits')).visits.visit(url)", path)
    mei.goto(f"{served.url}/spaces/{two.space.pk}/?panel={path}")
    expect(mei.get_by_role("textbox", name="Message")).to_be_visible()

    assert ends == ["string", "Error This cannot be shown here.", "Error The server could not answer."]
    assert (is_panel, has_links, others) == (False, True, [])
    expect(mei.locator("side-panel")).to_be_hidden()
    expect(mei.locator("[data-panel]", has_text="Falsified")).to_have_count(0)


def test_files_outlive_a_server_that_cannot_be_asked_and_a_message_that_waits_for_them(two: SimpleNamespace) -> None:
    ben, mei = two.open(**DESK)
    ben.set_input_files("input[data-files]", parts("notes.txt", b"words"))
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1)
    file = File.objects.get()
    ben.route(f"**/files/{file.pk}/", lambda route: route.abort())
    with ben.expect_event("requestfailed", lambda request: str(file.pk) in request.url):
        ben.reload()
    ben.unroute(f"**/files/{file.pk}/")
    ben.reload()
    expect(ben.locator(".tray__file[data-state=sent]")).to_have_count(1)

    held: list[Any] = []
    ben.route("**/files/", lambda route: held.append(route))
    with ben.expect_request("**/files/"):
        ben.set_input_files("input[data-files]", parts("more.txt", b"more words"))
    ben.get_by_role("textbox", name="Message").fill("Both of them")
    ben.keyboard.press("Enter")
    ben.get_by_role("navigation").get_by_role("link", name="Board").click()
    expect(ben.get_by_role("heading", name="Board", level=1)).to_be_visible()
    held[0].continue_()

    row = mei.get_by_role("article").filter(has_text="Both of them")
    expect(row.get_by_text("notes.txt", exact=True)).to_be_visible()
    expect(row.get_by_text("more.txt", exact=True)).to_be_visible()
    ben.unroute("**/files/")
    ben.go_back()
    expect(ben.get_by_role("article").filter(has_text="Both of them")).to_be_visible()
    expect(ben.get_by_role("textbox", name="Message")).to_have_value("")
    expect(ben.locator(".tray__file")).to_have_count(0)
