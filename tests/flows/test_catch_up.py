"""A socket is lost, slow, unwelcome or ill-behaved: what is shown equals a fresh load, and nobody else notices.

*Called by*: pytest.
"""

import json
import signal
import socket
from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from chat import broadcast, places
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.tab import Tab
from tests.flows.viewer import Viewer
from tests.stack import Stack
from workspace.models import Space

PARROT = "🦜 für "
WALL = "A very long paragraph of an answer that does not end. " * 100
PARAGRAPH = "A paragraph.\n\n"
SOON_SECONDS = 15.0  # a kick takes milliseconds; without one, the next look at the rights comes after 30 seconds


def make_noise(space: Space, *, count: int, size: int) -> None:
    """Publish so many frames at once, as a busy Space would."""
    frame = {"type": "reply.deltas", "space": space.pk, "deltas": [], "noise": "x" * size}
    broadcast.publish([(broadcast.space_topic(space.pk), frame)] * count)


def heard(viewer: Viewer) -> int:
    return sum("noise" in frame for frame in viewer.frames)


@pytest.fixture
def served(stack: Stack) -> Stack:
    stack.start_web()
    return stack


@pytest.fixture
def juniper(served: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable) -> SimpleNamespace:
    make_model("parrot")
    make_model("owl")
    make_model("toucan")
    return make_org()


def test_a_viewer_who_loses_the_socket_in_the_middle_of_an_answer_ends_with_what_a_fresh_page_shows(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    provider.script("parrot", Script(text=PARROT, deltas=150, every_ms=30))
    provider.script("owl", Script(text=PARAGRAPH, deltas=40, every_ms=30))
    provider.script("toucan", Script(text=WALL, deltas=30, every_ms=30))
    served.start_worker()
    acts.ask(juniper.space, juniper.ben, "Before anybody looked")
    leaver, stayer = (Viewer(Tab(served, member), juniper.space) for member in (juniper.mei, juniper.ana))
    parrot, owl, toucan = acts.ask(juniper.space, juniper.ben, "@parrot, @owl and @toucan, say something")
    leaver.hear(lambda: leaver.texts[str(parrot.pk)].length > 20 * len(PARROT))

    leaver.lose_socket()
    acts.ask(juniper.space, juniper.ana, "Said while one was away")
    acts.wait_until(lambda: provider.calls("parrot")[0]["deltas"] > 100)
    leaver.connect()
    for viewer in (leaver, stayer):
        viewer.hear(lambda viewer=viewer: all(viewer.state(row) == "finished" for row in (parrot, owl, toucan)))

    assert acts.fresh(parrot).message.text == PARROT * 150
    assert len(acts.fresh(toucan).message.html) > broadcast.HTML_MAX
    for viewer in (leaver, stayer):
        assert viewer.texts[str(parrot.pk)].text == PARROT * 150
        assert viewer.screen.shown == viewer.load().shown
        assert viewer.screen.last == viewer.load().last
    blocks = [row for frame in stayer.frames if frame["type"] == "reply.blocks" for row in frame["blocks"]]
    assert [row["from"] for row in blocks] == [0, *(row["to"] for row in blocks[:-1])]
    assert all(row["to"] % len(PARAGRAPH) == 0 and row["reply"] == str(owl.pk) for row in blocks)
    assert b"Traceback" not in served.log("web")
    closing.check(served, provider, {"parrot": 1, "owl": 1, "toucan": 1})


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_web_process_replaced_in_the_middle_of_an_answer_costs_none_of_its_viewers_anything(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace, how: signal.Signals
) -> None:
    provider.script("parrot", Script(text=PARROT, deltas=200, every_ms=30))
    served.start_worker()
    tabs = [Tab(served, member) for member in (juniper.ana, juniper.ben, juniper.mei)] * 4
    viewers = [Viewer(tab, juniper.space) for tab in tabs]
    (parrot,) = acts.ask(juniper.space, juniper.ben, "@parrot, say something")
    viewers[0].hear(lambda: viewers[0].texts[str(parrot.pk)].length > 20 * len(PARROT))

    served.kill("web", how)
    acts.ask(juniper.space, juniper.ana, "Said while nobody could hear")
    served.start_web()
    for viewer in viewers:
        viewer.connect()
    for viewer in viewers:
        viewer.hear(lambda viewer=viewer: viewer.state(parrot) == "finished")

    fresh = viewers[0].load()
    assert acts.fresh(parrot).message.text == PARROT * 200
    assert all(viewer.screen.shown == fresh.shown for viewer in viewers)
    closing.check(served, provider, {"parrot": 1})


def test_a_reader_too_slow_is_closed_with_4408_and_catches_up_while_another_misses_nothing(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    where = urlsplit(served.url)
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.connect((where.hostname, where.port))
    slow = Viewer(Tab(served, juniper.mei), juniper.space, sock=small, max_queue=1)
    quick = Viewer(Tab(served, juniper.ana), juniper.space, max_queue=None)

    for count in range(50, 1050, 50):
        make_noise(juniper.space, count=50, size=20_000)
        quick.hear(lambda count=count: heard(quick) == count)
    acts.ask(juniper.space, juniper.ben, "Enough of that")
    quick.hear(lambda: quick.frames[-1]["type"] == "message.changed")
    code = slow.hear_close()
    slow.options = {}
    slow.connect()

    assert code == 4408
    assert heard(slow) < heard(quick) == 1000
    assert slow.screen.shown == quick.screen.shown == quick.load().shown
    closing.check(served, provider, {})


def test_a_burst_of_small_frames_and_one_of_a_long_answer_reach_a_reader_who_keeps_up(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    viewer = Viewer(Tab(served, juniper.ana), juniper.space, max_queue=None)

    make_noise(juniper.space, count=1000, size=10)
    viewer.hear(lambda: heard(viewer) == 1000)
    make_noise(juniper.space, count=1, size=broadcast.HTML_MAX)
    viewer.hear(lambda: heard(viewer) == 1001)

    assert viewer.closed is None


def test_rights_that_end_and_sessions_that_end_close_the_socket_with_their_code(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    guest, leaver, signed_out, stayer = (
        Viewer(Tab(served, member), space)
        for member, space in (
            (juniper.gus, juniper.private), (juniper.mei, juniper.space), (juniper.ben, juniper.space),
            (juniper.ana, juniper.private),
        )
    )  # fmt: skip

    places.remove_from_space(juniper.ana, juniper.private, juniper.gus)
    guest.hear(lambda: guest.frames[-1]["type"] == "space.removed", seconds=SOON_SECONDS)
    acts.ask(juniper.private, juniper.ana, "Now that we are alone")
    stayer.hear(lambda: stayer.frames[-1]["type"] == "message.changed")
    places.remove_from_org(juniper.ana, juniper.mei)
    left = leaver.hear_close(seconds=SOON_SECONDS)
    signed_out.tab.send("/accounts/logout/")
    out = signed_out.hear_close(seconds=SOON_SECONDS)
    guest.say({"type": "ping"})
    guest.hear(lambda: guest.frames[-1]["type"] == "pong")

    assert (left, out) == (4403, 4401)
    heard = [frame["type"] for frame in guest.frames if frame["type"] != "sidebar.changed"]
    assert heard == ["space.subscribed", "space.removed", "pong"]
    assert [close_code(tab, []) for tab in (leaver.tab, signed_out.tab)] == [4403, 4401]
    closing.check(served, provider, {})


def test_bad_frames_close_their_own_socket_with_the_documented_code_and_disturb_nobody(
    served: Stack, provider: ScriptedProvider, juniper: SimpleNamespace
) -> None:
    bystander = Viewer(Tab(served, juniper.ana), juniper.space)
    tab = Tab(served, juniper.mei)
    bad: dict[str, tuple[list[str | bytes], int]] = {
        "binary": ([b"\x00\x01"], 4400),
        "not JSON": (["hello"], 4400),
        "half JSON": (['{"type": "ping"'], 4400),
        "a list": (["[1]"], 4400),
        "no type": (['{"space": 1}'], 4400),
        "a type that is no word": (['{"type": {"a": 1}}'], 4400),
        "deep": (["[" * 8000], 4400),
        "huge": (['{"type": "ping", "x": "' + "x" * 20_000 + '"}'], 1009),
        "flood": (['{"type": "ping"}'] * 500, 4400),
        "flood of subscriptions": ([json.dumps({"type": "space.subscribe", "space": "x"})] * 500, 4400),
    }

    codes = {what: close_code(tab, frames) for what, (frames, _) in bad.items()}
    odd = Viewer(tab, juniper.space)
    for frame in ({"type": "space.rename"}, {"type": "space.subscribe", "space": ["x"]}, {"type": "space.subscribe"}):
        odd.say(frame)
    odd.hear(lambda: len(odd.frames) == 4)
    acts.ask(juniper.space, juniper.ben, "Still here?")
    bystander.hear(lambda: bystander.frames[-1]["type"] == "message.changed")

    assert codes == {what: code for what, (_, code) in bad.items()}
    refusals = [(frame["type"], frame.get("code")) for frame in odd.frames[1:]]
    assert refusals == [("refused", "unknown_frame"), ("refused", "not_found"), ("refused", "not_found")]
    assert bystander.screen.shown == bystander.load().shown
    closing.check(served, provider, {})


def close_code(tab: Tab, frames: list[str | bytes]) -> int | None:
    """Say these things on a new socket, and how it is closed."""
    connection = tab.socket(max_queue=None)
    try:
        for frame in frames:
            connection.send(frame)
        while True:
            connection.recv(timeout=SOON_SECONDS)
    except ConnectionClosed:
        return connection.close_code
