"""Two people who read different languages in one Space, the switch between them, and a page that runs from the right."""

import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from billing.refusals import SENTENCES
from chat import bookmarks, drafts, edits, feed, pins
from tests.browser.conftest import watch
from tests.doubles.provider import Script, ScriptedProvider
from tests.stack import Stack
from workspace.languages import told

pytestmark = pytest.mark.xdist_group("browser")
FIGURES = {"free": "1,234.50", "needed": "5.00", "held": "2.00", "resets_at": "2026-12-01T00:00+00:00"}


def test_each_reads_an_answer_in_their_own_language_while_it_is_made_and_after(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    provider: ScriptedProvider,
    tab_of: Callable[..., Page],
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=60, every_ms=50, text="word "))
    juniper = make_org()
    ana, mei = tab_of(juniper.ana), tab_of(juniper.mei, locale="zh-TW")
    for tab in (ana, mei):
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    mei.get_by_role("textbox", name="訊息").fill("@parrot 說說話")
    mei.keyboard.press("Enter")

    seen = {tab: tab.locator('article[data-kind="ai_model"]') for tab in (ana, mei)}
    expect(seen[ana].locator(".reply__state")).to_have_text("Answering")
    expect(seen[mei].locator(".reply__state")).to_have_text("回答中")
    mei.get_by_role("button", name="停止").click()
    for _ in ("as it came", "as it is loaded"):
        expect(seen[mei].locator(".reply__reason")).to_have_text(
            "已停止。已經收到的部分會保留，也只收取那一部分的費用。"
        )
        expect(seen[mei].locator(".reply__figures")).to_contain_text(re.compile(r"輸入 \d+ 個 token，輸出 \d+ 個"))
        expect(mei.get_by_role("button", name="重試")).to_be_visible()
        expect(seen[ana].locator(".reply__reason")).to_contain_text("Stopped. What had arrived is kept")
        expect(seen[ana].locator(".reply__figures")).to_contain_text("tokens in")
        expect(mei.locator(".day")).to_have_text("今天")
        for tab in (ana, mei):
            tab.reload()


def test_the_switch_in_the_sidebar_needs_no_mouse_and_comes_back_to_the_same_place(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    tab = tab_of(juniper.mei)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    place = f"{served.url}/orgs/{juniper.org.slug}/spaces/"
    tab.goto(place)
    assert not any("/words/" in url for url in asked), "a page in English loads no catalog"

    tab.get_by_role("button", name="Language").focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="繁體中文").focus()
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("heading", name="對您開放")).to_be_visible()
    assert tab.url == place
    assert tab.evaluate("document.documentElement.lang") == "zh-hant"
    assert any("/words/zh-hant." in url for url in asked)


def test_a_page_without_scripts_can_be_switched_too(chromium: Browser, served: Stack) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    tab = context.new_page()
    tab.goto(f"{served.url}/accounts/login/")

    tab.get_by_role("button", name="Language").click()
    tab.get_by_role("button", name="繁體中文").click()

    expect(tab.get_by_role("heading", name="登入")).to_be_visible()
    context.close()


def test_a_browser_says_a_kept_sentence_as_the_server_does(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    tab = tab_of(make_org().mei, locale="zh-TW")
    tab.goto(served.url)
    say = "async ([one, many, count, values]) => { const w = await import('parley/lib/words'); return %s }"
    for sentence in SENTENCES.values():
        figures = FIGURES | {"left": "1.00", "limit": "9.00"}

        there = tab.evaluate(say % "w.gettext(one, values)", [sentence, "", 0, figures])

        with translation.override("zh-hant"):
            assert there == told(sentence, figures)

    counted = [
        tab.evaluate(say % "w.ngettext(one, many, count)", ["{count} new message", "{count} new messages", n, {}])
        for n in (1, 12345)
    ]
    assert counted == ["1 則新訊息", "12,345 則新訊息"]
    assert tab.evaluate(say % "w.gettext(one)", ["no such sentence {x}", "", 0, {}]) == "no such sentence {x}"


LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze " * 3
TEXT = f"# {LONG}\n\n| a | b |\n|---|---|\n| {LONG} | 2 |\n\n```\n{'x' * 200}\n```\n\n> {LONG}\n\n- one\n- two\n\nمرحبا @parrot"


OF_MESSAGE = ("thread", "actions", "edit", "delete", "history", "forward", "remind")
OF_ORG = (
    *("threads", "notices", "notices/settings", "drafts", "bookmarks", "reminders", "files", "directs", "sections"),
    *("settings", "import", "export"),
)


@pytest.mark.parametrize("language", ["en-GB", "zh-TW"])
def test_nothing_sticks_out_of_a_narrow_page_that_runs_from_right_to_left(
    chromium: Browser,
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    provider: ScriptedProvider,
    tab_of: Callable[..., Page],
    language: str,
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=3, text=LONG))
    juniper = make_org()
    (said,) = feed.post(juniper.space, juniper.ana, text=TEXT, client_id=juniper.space.pk)[:1]
    feed.post(juniper.space, juniper.mei, text=LONG, client_id=uuid.uuid4(), parent=said)
    bookmarks.add(juniper.ana, said)
    pins.pin(juniper.ana, said)
    edits.edit(juniper.ana, said, text=f"{TEXT} again")
    drafts.save(juniper.ana, juniper.space, text=LONG)
    size = {"viewport": {"width": 360, "height": 740}, "locale": language}
    tab = tab_of(juniper.ana, **size)
    stranger = chromium.new_context(**size)
    public, troubles = stranger.new_page(), []
    watch(public, troubles)
    org, space = f"/orgs/{juniper.org.slug}", f"/spaces/{juniper.space.pk}"
    paths = [f"{space}/", f"{space}/members/", f"{space}/edit/", f"{org}/spaces/", f"{org}/people/"]
    paths += [f"{space}/{of_space}/" for of_space in ("files", "pins", "notes", "notices")]
    paths += [f"/messages/{said.pk}/{of_message}/" for of_message in OF_MESSAGE]
    paths += [f"{org}/search/?q=one", *(f"{org}/{of_org}/" for of_org in OF_ORG), "/profile/"]
    pages = [(tab, path) for path in [*paths, "/accounts/email/", "/accounts/password/change/", "/accounts/logout/"]]
    pages += [
        (public, path) for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/x/")
    ]

    wrong = []
    for page, path in pages:
        page.goto(served.url + path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        sticking = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sticking > 0:
            wrong.append(f"{path}: {sticking} px")
        if page is tab and path.startswith(space) and page.get_by_role("log").count():
            inner = page.get_by_role("log").evaluate("(log) => log.scrollWidth - log.clientWidth")
            wrong += [f"{path}, in the feed: {inner} px"] if inner > 0 else []

    stranger.close()
    assert wrong == []
    assert troubles == []
