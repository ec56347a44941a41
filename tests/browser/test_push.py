"""The site as an application: its worker, what is pushed to it, the switch, the page for no connection, the tab's sign."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, Worker, expect

from chat import feed
from chat.models import PushSubscription
from tests.stack import Stack
from tests.test_access_matrix import P256DH

pytestmark = pytest.mark.xdist_group("browser")
SHOWN = """async () => {
  const known = await navigator.serviceWorker.ready;
  return (await known.getNotifications()).map(({ title, body, tag, data, lang }) => ({ title, body, tag, url: data.url, lang }));
}"""
IN_CHARGE = """() => new Promise((done) => {
  const look = () => (navigator.serviceWorker.controller ? done() : setTimeout(look, 50));
  look();
})"""
KEPT = """async () => {
  const shelves = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
  const requests = (await Promise.all(shelves.map((shelf) => shelf.keys()))).flat();
  return requests.map(({ url }) => new URL(url).pathname);
}"""
CLICK = """async () => {
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
RENEW = """(made) => {
  const newSubscription = { endpoint: made.endpoint, toJSON: () => ({ endpoint: made.endpoint, keys: made.keys }) };
  const event = Object.assign(new ExtendableEvent("pushsubscriptionchange"), { newSubscription, oldSubscription: made.old });
  dispatchEvent(event);
}"""

STOCK_WHILE = """async (status) => {
  const real = self.fetch;
  self.fetch = async () => new Response("", { status });
  try {
    return await stock().then(() => "kept", () => "refused");
  } finally {
    self.fetch = real;
  }
}"""


def say(org: SimpleNamespace, text: str) -> Any:
    return feed.post(org.space, org.ana, text=text, client_id=uuid4())[0]


def until(is_so: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for what no locator shows."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def mei(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Mei's tab on General, with the worker in charge and leave to notify."""
    juniper = make_org()
    tab = tab_of(juniper.mei)
    tab.context.grant_permissions(["notifications"], origin=served.url)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    tab.evaluate(IN_CHARGE)
    return SimpleNamespace(**vars(juniper), tab=tab, url=served.url, stack=served)


def worker_of(context: BrowserContext) -> Worker:
    until(lambda: context.service_workers)
    return context.service_workers[0]


def push(tab: Page, url: str, told: str) -> None:
    """As the browser's push service would."""
    developer = tab.context.new_cdp_session(tab)
    known: list[dict[str, Any]] = []
    developer.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
    developer.send("ServiceWorker.enable")
    for _ in range(100):
        if known:
            break
        tab.wait_for_timeout(50)
    message = {"origin": url, "registrationId": known[0]["registrationId"], "data": told}
    developer.send("ServiceWorker.deliverPushMessage", message)


def shown(tab: Page, count: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for _ in range(100):
        found = tab.evaluate(SHOWN)
        if len(found) == count:
            break
        tab.wait_for_timeout(50)
    return found


def test_the_site_can_be_installed_and_offers_that_only_when_the_browser_does(mei: SimpleNamespace) -> None:
    developer = mei.tab.context.new_cdp_session(mei.tab)

    manifest = developer.send("Page.getAppManifest")
    errors = developer.send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert manifest["errors"] == [] and json.loads(manifest["data"])["name"] == "Parley"
    assert [error["errorId"] for error in errors] == ["in-incognito"]
    entry = mei.tab.get_by_role("button", name="Install Parley")
    expect(entry).to_be_hidden()
    mei.tab.evaluate("""() => {
      const offer = new Event("beforeinstallprompt", { cancelable: true });
      offer.prompt = async () => { globalThis.asked = true; };
      globalThis.isHeld = !dispatchEvent(offer);
    }""")
    expect(entry).to_be_visible()
    entry.click()
    expect(entry).to_be_hidden()
    assert mei.tab.evaluate("[globalThis.isHeld, globalThis.asked]") == [True, True]


def test_what_is_pushed_is_shown_and_leads_to_its_message_in_the_open_tab(mei: SimpleNamespace) -> None:
    message = say(mei, "@mei look here")
    mei.tab.goto(f"{mei.url}/orgs/{mei.org.slug}/people/")
    mei.tab.evaluate("globalThis.isTheSamePage = true")
    told = {
        "title": "Ana mentioned you",
        "body": "look",
        "url": f"/messages/{message.pk}/",
        "tag": "space:1",
        "lang": "en",
    }

    push(mei.tab, mei.url, json.dumps(told))

    assert shown(mei.tab, 1) == [told]
    worker_of(mei.tab.context).evaluate(CLICK)
    expect(mei.tab.locator(f"#message-{message.pk}")).to_be_visible()
    assert mei.tab.evaluate("globalThis.isTheSamePage")
    assert shown(mei.tab, 0) == []


def test_a_page_that_does_not_answer_is_led_there_by_the_worker(mei: SimpleNamespace) -> None:
    mei.tab.goto(f"{mei.url}/livez")
    push(mei.tab, mei.url, json.dumps({"title": "Ana", "url": f"/spaces/{mei.space.pk}/"}))
    assert len(shown(mei.tab, 1)) == 1

    worker_of(mei.tab.context).evaluate(CLICK)

    mei.tab.wait_for_url(f"**/spaces/{mei.space.pk}/")


def test_what_cannot_be_read_is_shown_as_a_bare_sign(mei: SimpleNamespace) -> None:
    for told in ("", "no json", '{"title": ', "null"):
        push(mei.tab, mei.url, told)

        assert shown(mei.tab, 1) == [{"title": "Parley", "body": "", "tag": "parley", "url": "/", "lang": ""}]
        mei.tab.evaluate("async () => (await (await navigator.serviceWorker.ready).getNotifications())[0].close()")
        assert shown(mei.tab, 0) == []


def test_what_is_read_here_is_not_announced_any_longer(mei: SimpleNamespace) -> None:
    push(mei.tab, mei.url, json.dumps({"title": "Ana", "tag": f"space:{mei.space.pk}"}))
    push(mei.tab, mei.url, json.dumps({"title": "Ben", "tag": f"space:{mei.private.pk}"}))
    assert len(shown(mei.tab, 2)) == 2

    say(mei, "somebody writes, and it is seen")
    expect(mei.tab.get_by_text("somebody writes, and it is seen").first).to_be_visible()

    assert [each["title"] for each in shown(mei.tab, 1)] == ["Ben"]


def test_a_browser_with_a_new_address_says_so_by_itself(mei: SimpleNamespace) -> None:
    session = next(each["value"] for each in mei.tab.context.cookies() if each["name"] == "parley")
    old = PushSubscription.objects.create(
        user=mei.mei.user, endpoint="https://fcm.googleapis.com/fcm/send/old", p256dh=P256DH, auth="A" * 22, session_key=session
    )  # fmt: skip
    keys = {"p256dh": P256DH, "auth": "A" * 22}
    made = {"endpoint": "https://fcm.googleapis.com/fcm/send/new", "keys": keys, "old": {"endpoint": old.endpoint}}
    # Which one it takes the place of, the browser does not say: it may have been removed elsewhere.
    nameless = {"endpoint": "https://fcm.googleapis.com/fcm/send/nameless", "keys": keys, "old": None}

    worker_of(mei.tab.context).evaluate(RENEW, nameless)
    worker_of(mei.tab.context).evaluate(RENEW, made)

    until(lambda: list(PushSubscription.objects.values_list("endpoint", flat=True)) == [made["endpoint"]])
    assert PushSubscription.objects.get().session_key == session


def test_the_switch_says_what_the_browser_cannot_do(mei: SimpleNamespace, tab_of: Callable[..., Page]) -> None:
    address = f"{mei.url}/orgs/{mei.org.slug}/notices/settings/"
    denied = tab_of(mei.ben)
    denied.context.grant_permissions([], origin=mei.url)
    denied.goto(address)
    # A private window has no push service, and a test reaches none.
    mei.tab.goto(address)
    mei.tab.get_by_role("button", name="Notify me on this device").click()

    expect(mei.tab.get_by_role("alert").filter(has_text="could not reach its own notification service")).to_be_visible(
        timeout=30_000
    )
    expect(mei.tab.get_by_role("button", name="Notify me on this device")).to_be_focused()
    expect(denied.get_by_text("This browser blocks notifications of this site.")).to_be_visible()
    assert not PushSubscription.objects.exists()


def test_the_switch_is_free_again_where_the_worker_cannot_be_started(
    mei: SimpleNamespace, tab_of: Callable[..., Page]
) -> None:
    tab = tab_of(mei.ben)
    tab.context.grant_permissions(["notifications"], origin=mei.url)
    tab.add_init_script("ServiceWorkerContainer.prototype.register = async () => { throw new Error('switched off'); };")
    tab.goto(f"{mei.url}/orgs/{mei.org.slug}/notices/settings/")

    tab.get_by_role("button", name="Notify me on this device").click()

    expect(tab.get_by_role("alert").filter(has_text="could not reach its own notification service")).to_be_visible()
    expect(tab.get_by_role("button", name="Notify me on this device")).to_be_focused()


def test_what_stands_in_for_the_page_for_no_connection_is_not_kept(mei: SimpleNamespace) -> None:
    worker = worker_of(mei.tab.context)

    assert worker.evaluate(STOCK_WHILE, 503) == "refused"
    assert worker.evaluate(STOCK_WHILE, 200) == "kept"


def test_without_a_connection_a_calm_page_stands_in_until_there_is_one(mei: SimpleNamespace) -> None:
    address = f"{mei.url}/orgs/{mei.org.slug}/people/"
    mei.tab.context.set_offline(True)
    mei.tab.goto(address)

    expect(mei.tab.get_by_role("heading", name="Parley cannot be reached")).to_be_visible()
    again = mei.tab.get_by_role("link", name="Try again")
    expect(again).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    assert again.evaluate("(link) => link.href") == address
    assert [path for path in mei.tab.evaluate(KEPT) if not path.startswith("/static/")] == ["/offline/"]

    mei.tab.context.set_offline(False)
    expect(mei.tab.get_by_role("heading", name="People", exact=True)).to_be_visible(timeout=15_000)


def test_a_mention_puts_a_dot_on_the_tabs_sign_until_it_is_read(mei: SimpleNamespace) -> None:
    mei.tab.goto(f"{mei.url}/orgs/{mei.org.slug}/people/")
    sign = mei.tab.locator("link[rel=icon]")
    expect(sign).not_to_have_attribute("href", sign.get_attribute("data-dotted") or "")

    say(mei, "@mei look")
    expect(sign).to_have_attribute("href", sign.get_attribute("data-dotted") or "")

    mei.tab.goto(f"{mei.url}/spaces/{mei.space.pk}/")
    expect(mei.tab.locator("link[rel=icon]")).not_to_have_attribute("href", sign.get_attribute("data-dotted") or "")


def test_signing_out_leaves_nothing_on_the_device(mei: SimpleNamespace) -> None:
    push(mei.tab, mei.url, json.dumps({"title": "Ana", "tag": "space:1"}))
    assert len(shown(mei.tab, 1)) == 1
    mei.tab.evaluate("localStorage.setItem('parley:push', `${document.body.dataset.person} earlier`)")

    mei.tab.get_by_role("button", name="Sign out").click()
    mei.tab.wait_for_url(f"{mei.url}/")

    assert shown(mei.tab, 0) == []
    assert mei.tab.evaluate("localStorage.getItem('parley:push')") is None
