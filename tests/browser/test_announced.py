"""What somebody hears who does not see the page, and where the focus is after what has opened is closed."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import feed
from tests.doubles.provider import Script, ScriptedProvider
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")
# Notes every text that comes into a region that is live, where nothing around it is busy.
LISTEN = """() => {
    window.heard = [];
    const liveness = (node) => {
        const region = node.closest("[aria-live], [role=log], [role=status], [role=alert]");
        const mode = region?.getAttribute("aria-live") ?? (region ? "polite" : "off");
        return node.closest("[aria-busy=true]") ? "off" : mode;
    };
    const text = (node) => node.textContent.trim().replace(/\\s+/g, " ");
    new MutationObserver((changes) => {
        for (const {type, target, addedNodes} of changes)
            for (const node of type === "childList" ? addedNodes : [target]) {
                const box = node.nodeType === 1 ? node : node.parentElement;
                if (box && text(node) && liveness(box) !== "off") heard.push(text(node));
            }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.fixture
def room(
    served: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable[..., Any], tab_of: Callable[..., Page]
) -> SimpleNamespace:
    """Ana's tab on General, in which everything that is read out is noted, and a model."""
    make_model("parrot")
    juniper = make_org()
    tab = tab_of(juniper.ana, viewport={"width": 1360, "height": 800})
    with tab.expect_websocket() as socket:
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    socket.value.wait_for_event("framereceived")
    tab.evaluate(LISTEN)
    return SimpleNamespace(**vars(juniper), tab=tab, url=served.url)


def heard(room: SimpleNamespace) -> list[str]:
    return room.tab.evaluate("heard")


def say(room: SimpleNamespace, text: str) -> Any:
    return feed.post(room.space, room.ben, text=text, client_id=uuid.uuid4())[0]


def read_out(room: SimpleNamespace) -> Locator:
    return room.tab.locator("#read-out")


def test_an_answer_is_heard_by_its_states_and_then_as_a_whole(
    room: SimpleNamespace, provider: ScriptedProvider
) -> None:
    provider.script("parrot", Script(deltas=40, every_ms=40))

    say(room, "@parrot what of the sea?")
    expect(read_out(room)).to_contain_text("word39", timeout=20_000)

    told = [text for text in heard(room) if text.startswith("Parrot")]
    whole = "Parrot: " + " ".join(f"word{number}" for number in range(40))
    assert told == ["Parrot: Queued", "Parrot: Answering", whole]
    assert [text for text in heard(room) if "word" in text and text != whole] == []
    assert "Ben: @parrot what of the sea?" in heard(room)


def test_a_message_is_heard_once_and_neither_ones_own_nor_what_only_changes(room: SimpleNamespace) -> None:
    root = say(room, "Who books the trains?")
    expect(read_out(room)).to_contain_text("Who books the trains?")
    room.tab.evaluate(
        "(url) => document.dispatchEvent(new CustomEvent('panel.open', {detail: {url}}))", root_page(root)
    )
    expect(room.tab.locator("side-panel").get_by_role("textbox", name="Reply")).to_be_visible()

    feed.post(room.space, room.ben, text="I do", client_id=uuid.uuid4(), parent=root, in_feed=True)
    expect(read_out(room)).to_contain_text("I do")
    room.tab.get_by_role("textbox", name="Message").fill("my own word")
    room.tab.get_by_role("textbox", name="Message").press("Enter")
    expect(room.tab.locator("#main article[data-message-id]", has_text="my own word")).to_have_count(1)
    say(room, "the last word")
    expect(read_out(room)).to_contain_text("the last word")

    of_messages = [text for text in heard(room) if text.startswith(("Ben:", "Ana:"))]
    assert of_messages == ["Ben: Who books the trains?", "Ben: I do", "Ben: the last word"]


def root_page(root: Any) -> str:
    return f"/messages/{root.pk}/thread/"


def test_what_has_opened_gives_the_focus_back(room: SimpleNamespace) -> None:
    keys = room.tab.get_by_role("button", name="Keyboard shortcuts")
    files = room.tab.locator(".bar [data-opens-panel]", has_text="Files")

    keys.focus()
    room.tab.keyboard.press("Enter")
    expect(room.tab.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    room.tab.keyboard.press("Escape")
    expect(keys).to_be_focused()

    files.focus()
    room.tab.keyboard.press("Enter")
    expect(room.tab.locator("side-panel [data-part] *").first).to_be_visible()
    room.tab.keyboard.press("Escape")
    expect(room.tab.locator("side-panel")).to_be_hidden()
    expect(files).to_be_focused()
