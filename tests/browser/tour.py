"""A walk through every page that a person can open, and what is noted on the way.

*Called by*: test_accessible.py. *Keeps true*: the pages are those of the access table, so a new one is walked through
the day that it is there; the measures (measures.js, axe-core) change nothing of what they look at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Error, Page, Response, expect

from tests.test_access_matrix import ROWS, address
from tests.workspace.actors import ACTORS, World

MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
DESK = {"width": 1280, "height": 800}
ZOOMED = {"width": 640, "height": 400}  # the desk at 200 %
ROUNDS_MAX = 5  # what has the focus may bring more to go through
PHONE = {"width": 360, "height": 720}
# What is there before its script has come. The actions of messages wait for a page that shows some.
UNBORN = ":not(:defined, message-actions)"
AXE = """async (only) => {
    const how = only ? {runOnly: only} : {rules: {"target-size": {enabled: true}}};
    const {violations} = await axe.run(document, {...how, resultTypes: ["violations"]});
    const written = ({target}) => document.querySelector(target[0])?.closest(".prose");
    for (const each of violations) // people head their messages as they like
        if (each.id === "heading-order") each.nodes = each.nodes.filter((node) => !written(node));
    for (const each of violations) // a menu that is open stands over the page, not in it
        if (each.id === "region") each.nodes = each.nodes.filter(({target}) => !document.querySelector(target[0])?.closest("[popover]"));
    return violations.filter(({nodes}) => nodes.length).map(({id, impact, help, nodes}) => ({
        id, impact, help,
        nodes: nodes.map(({target, failureSummary}) => target + " · " + failureSummary.replace(/\\s+/g, " ").slice(0, 260)),
    }));
}"""
# What answers GET and is no page of its own, and why.
NO_PAGES = {
    "sidebar": "a part of every page, fetched again",
    "messages": "data for scripts",
    "changes": "data for scripts",
    "mentionables": "data for scripts",
    "commands": "data for scripts",
    "presence": "data for scripts",
    "emoji": "data for scripts",
    "unread": "data for scripts",
    "switcher": "data for scripts",
    "audience": "data for scripts",
    "reply": "data for scripts",
    "message": "leads to the Space at that message",
    "member": "leads to the card of the member",
    "org": "leads to a Space",
    "welcome": "leads to the organization of who has one; a newcomer's is walked through by itself",
    "account_inactive": "said to nobody here",
    "account_set_password": "leads on for who has a password",
    "account_login": "signed in, leads on; walked through signed out",
    "account_signup": "signed in, leads on; walked through signed out",
    "account_confirm_login_code": "leads to signing in when no code was sent",
    "passage_archive": "bytes",
    "usage_sheet": "bytes",
    "operator_stripe": "for who runs the server; walked through among the states",
    "limit_news": "a part of every page, fetched again",
    "reply_limit": "said under an answer that was refused by a limit",
    "plan_done": "leads back to the plan, from a payment provider's page",
    "plan_cancel": "only where something was bought",
    "file_content": "bytes",
    "file_preview": "bytes",
    "member_picture": "bytes",
    "link_picture": "bytes",
    "manifest": "for the browser that installs it",
    "worker": "a script",
    "push": "data for scripts",
    "livez": "for machines",
    "readyz": "for machines",
}
WALKERS = ("org_owner", "member", "space_owner")
SIGNED_OUT = ("home", "join", "account_login", "account_signup", "account_reset_password", "account_confirm_email")


@dataclass(frozen=True)
class Stop:
    """A page as somebody sees it, and what they have done there."""

    name: str
    path: str
    actor: str
    act: Callable[[Page], None] | None = None
    status: int = 200


@dataclass
class Findings:
    """What was noted, by subject."""

    noted: dict[str, list[str]] = field(default_factory=dict)

    def note(self, subject: str, where: str, what: list[str]) -> None:
        self.noted.setdefault(subject, []).extend(f"{where}: {each}" for each in dict.fromkeys(what))

    def of(self, subject: str) -> str:
        return "\n".join(self.noted.get(subject, []))


def pages() -> set[str]:
    """The names of all addresses that answer GET with a page."""
    return {name for name, method, *_ in ROWS if method == "GET"} - set(NO_PAGES)


def stops(world: World) -> Iterator[Stop]:
    """Every page once, by somebody who may see it, in the public Space where that is possible."""
    for name in sorted(pages()):
        actor, target = next(_ways(name))
        yield Stop(name, address(name, world, world.place(actor, target)), actor)
    for name in SIGNED_OUT:
        yield Stop(f"{name}, signed out", address(name, world, world.public), "anonymous")


def _ways(name: str) -> Iterator[tuple[str, str]]:
    """Who may open a page, and where: in the public Space before others, the owner of the organization before others."""
    rows = sorted((row for row in ROWS if row[:2] == [name, "GET"]), key=lambda row: row[2] != "public")
    for _, _, target, *codes in rows:
        may = dict(zip(ACTORS, codes, strict=True))
        yield from ((actor, target) for actor in (*WALKERS, *ACTORS) if may[actor] == "Y")


class Tour:
    """One browser, in which one is now this and now that person."""

    def __init__(self, chromium: Browser, url: str, world: World) -> None:
        self.url, self.world, self.findings = url, world, Findings()
        self.context = chromium.new_context(locale="en-GB", reduced_motion="reduce", viewport=DESK)
        self.context.add_init_script(AXE_SCRIPT)
        self.context.add_init_script(MEASURES)
        self.page = self.context.new_page()

    def open(self, stop: Stop) -> Page | None:
        """The page of a stop, at a desk and in the light, when all that it starts has started. None for what is no
        page: measuring a picture never ends."""
        self.context.clear_cookies()
        if cookie := self.world.cookies.get(stop.actor):
            self.context.add_cookies([{"name": "parley", "value": cookie, "url": self.url}])
        self.page.set_viewport_size(DESK)
        self.page.emulate_media(color_scheme="light")
        answer = self._load(stop)
        kind = answer.headers.get("content-type", "") if answer else ""
        if answer is None or answer.status != stop.status or "text/html" not in kind:
            self.findings.note("opened", stop.name, [f"{answer and answer.status}, {kind} at {stop.path}"])
        if "text/html" not in kind:
            return None
        try:
            expect(self.page.locator(UNBORN)).to_have_count(0)
            if stop.act:
                stop.act(self.page)
        except (AssertionError, Error) as error:
            self.findings.note("opened", stop.name, [str(error)[:600]])
        return self.page

    def _load(self, stop: Stop) -> Response | None:
        try:
            return self.page.goto(self.url + stop.path)
        except Error as error:  # a download is no page
            self.findings.note("opened", stop.name, [str(error)[:200]])
            return None

    def visit(self, stop: Stop) -> None:
        """Look at one stop in every way."""
        page = self.open(stop)
        if page is None:
            return
        self._note("bones", stop, "bones")
        self._axe(stop, "light")
        self._note("stillness", stop, "movement")
        page.emulate_media(color_scheme="dark")
        self._axe(stop, "dark", only=["color-contrast"])
        self._walk(stop)
        for size in (ZOOMED, PHONE):
            page.set_viewport_size(size)
            self._note("width", stop, "wide", f" at {size['width']}")
        page.emulate_media(color_scheme="light")
        self._axe(stop, "on a phone")

    def _note(self, subject: str, stop: Stop, measure: str, how: str = "") -> None:
        self.findings.note(subject, stop.name + how, self.page.evaluate(f"measures.{measure}()"))

    def _axe(self, stop: Stop, how: str, only: list[str] | None = None) -> None:
        for each in self.page.evaluate(AXE, only):
            words = [f"{each['id']} ({each['help']}) {node}" for node in each["nodes"][:4]]
            self.findings.note(f"axe {each['impact']}", f"{stop.name}, {how}", words)

    def _walk(self, stop: Stop) -> None:
        count = self.page.evaluate("measures.walk()")
        for _ in range(ROUNDS_MAX):
            for _ in range(count + 4):
                self.page.keyboard.press("Tab")
            if not any("does not reach" in each for each in self.page.evaluate("measures.missed()")):
                break
        self._note("keyboard", stop, "walked")
