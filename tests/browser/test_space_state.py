"""The browser's own state of a Space, as a property: whatever was lost, doubled or swapped, what a window shows is what
the server has between its first and its last message.

*Called by*: pytest. *Why* in Chromium: the modules run as they are served, and nothing else here speaks their language.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chat import feed
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")

# A server in twenty lines, two views (the feed from its middle, one thread), and a network that cannot be trusted.
LIVES = """
async ([from, to]) => {
  const { SpaceSync } = await import("parley/models/space-sync");
  const { Window } = await import("parley/models/window");
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  function randomOf(seed) {
    return () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
  }

  class Server {
    revision = 0;
    messages = [];
    write(kind) {
      this.revision += 1;
      const where = { feed: [null, true], thread: ["m1", false], both: ["m1", true] }[kind];
      const [parent, in_feed] = where;
      const message = { id: `m${this.revision}`, position: this.revision, revision: this.revision, parent, in_feed };
      this.messages.push({ ...message, html: "" });
      return this.frame(this.messages.at(-1));
    }
    touch(message) {
      message.revision = this.revision += 1;
      return this.frame(message);
    }
    frame(message) {
      return { revision: message.revision, message: { ...message } };
    }
    of(root) {
      return this.messages.filter(({ parent, in_feed }) => (root ? parent === root : in_feed));
    }
    async get(url) {
      const asked = new URL(url, location.origin);
      const number = (name) => Number(asked.searchParams.get(name));
      const [has, revision] = [(name) => asked.searchParams.has(name), this.revision];
      if (has("since")) {
        const messages = this.messages.filter((each) => each.revision > number("since")).map((each) => ({ ...each }));
        await pause(this.lag());
        return { revision, messages, reload: false };
      }
      const all = this.of(asked.pathname === "/thread/" ? "m1" : null).map((each) => ({ ...each }));
      await pause(this.lag());
      if (has("after")) {
        const found = all.filter(({ position }) => position > number("after"));
        return { revision, messages: found.slice(0, 4), more: found.length > 4 };
      }
      const end = has("around") ? number("around") + 1 : has("before") ? number("before") : Infinity;
      const older = all.filter(({ position }) => position < end);
      const newer = has("around") ? all.filter(({ position }) => position >= end) : [];
      const messages = [...older.slice(-4), ...newer.slice(0, 4)];
      return { revision, messages, more: older.length > 4, newer: newer.length > 4 };
    }
  }

  function view(window) {
    const rows = new Map();
    const put = (messages) => messages.forEach(({ id, revision }) => rows.set(id, revision));
    return { window, rows, show: put, extend: put, restart: (messages) => (rows.clear(), put(messages)) };
  }

  async function live(seed) {
    const random = randomOf(seed);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const server = new Server();
    server.lag = () => random() * 8;
    for (let n = 0; n < 14; n += 1) server.write(n ? pick(["feed", "feed", "thread", "both"]) : "feed");
    const at = pick(server.of(null)).position;
    const { revision, messages, more, newer } = await server.get(`/feed/?around=${at}`);
    const sync = new SpaceSync({ space: "s", revision, get: (url) => server.get(url), reload: () => {}, learned: () => {} });
    const feed = view(new Window({ url: "/feed/", messages, more, newer }));
    feed.show(messages);
    sync.open(feed, revision);
    let thread = null;
    for (let step = 0; step < 30; step += 1) {
      const frame = random() < 0.6 ? server.write(pick(["feed", "thread", "both"])) : server.touch(pick(server.messages));
      for (let times = pick([0, 1, 1, 1, 2]); times; times -= 1) setTimeout(() => sync.frame(frame), random() * 12);
      if (step === 10) {
        const page = await server.get("/thread/?");
        const root = { ...server.messages[0] };
        thread = view(new Window({ url: "/thread/", root: "m1", messages: [root, ...page.messages], more: page.more }));
        thread.show([root, ...page.messages]);
        sync.open(thread, page.revision);
      }
      const turn = random();
      if (turn < 0.1) await sync.older(feed);
      else if (turn < 0.2) await sync.newer(feed);
      else if (turn < 0.25) await sync.jump(feed, pick(server.of(null)).position);
      else if (turn < 0.28) await sync.jump(feed);
      else if (turn < 0.31) {
        const [first, last] = [pick(server.of(null)), pick(server.of(null))];
        await Promise.all([sync.jump(feed, first.position), sync.jump(feed, last.position)]);
        if (!feed.window.has(last.id)) return [`seed ${seed}: two jumps, and not where the last one leads`];
      }
      else if (turn < 0.34 && thread) await sync.older(thread);
      else await pause(random() * 4);
    }
    for (let tries = 0; tries < 40 && (tries < 5 || sync.state.last !== server.revision); tries += 1) {
      await pause(30);
      sync.compare(server.revision);
    }
    return [wrong(feed, server, null), wrong(thread, server, "m1")].filter(Boolean).map((what) => `seed ${seed}: ${what}`);
  }

  /** What a view shows that the server has not so, or "". */
  function wrong({ window, rows }, server, root) {
    const all = server.of(root);
    const from = window.more ? window.oldest : 0;
    const to = window.newer ? window.newest : Infinity;
    const due = all.filter(({ position }) => position >= from && position <= to);
    if (root) due.unshift(server.messages[0]);
    const one = due.map(({ id, revision }) => `${id}@${revision}`).join(" ");
    const other = [...rows].map(([id, revision]) => `${id}@${revision}`);
    other.sort((a, b) => parseInt(a.slice(1)) - parseInt(b.slice(1)));
    if (one !== other.join(" ")) return `due ${one}; shown ${other.join(" ")}`;
    return window.newer && window.beyond > all.length - due.length ? "counts more than there is" : "";
  }

  const lives = Array.from({ length: to - from }, (_, n) => live(from + n));
  return (await Promise.all(lives)).flat();
}
"""


def test_what_the_windows_of_a_space_show_is_what_the_server_has(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    wrong = tab.evaluate(LIVES, [1, 161])

    assert wrong == []


# Pieces of what a page knows, each with a server of its own that is slow, refuses, or answers in another order.
PIECES = """
async () => {
  const later = window.setTimeout;
  const pause = (ms) => new Promise((done) => later(done, ms));
  const { SpaceSync } = await import("parley/models/space-sync");
  const { Window } = await import("parley/models/window");
  const { DraftSync } = await import("parley/models/draft-sync");
  const { fold } = await import("parley/models/folding");
  const said = {};

  window.setTimeout = (deed) => later(deed, 0); // waits are none, so that what goes on for ever shows
  for (const status of [404, undefined]) {
    let asked = 0;
    const get = async () => { asked += 1; throw Object.assign(new Error("no"), { status }); };
    const sync = new SpaceSync({ space: "s", revision: 1, get, reload() {}, learned() {} });
    const view = { window: new Window({ url: "/" }), show() {} };
    sync.open(view, 5);
    sync.frame({ revision: 9, message: { id: "m9", position: 9, revision: 9, html: null } });
    await pause(100);
    if (status === undefined) sync.close(view);
    await pause(50);
    const before = asked;
    await pause(100);
    said[`sync ${status}`] = [before > (status ? 0 : 4), asked - before, status ? before < 6 : true];
  }
  window.setTimeout = later;

  const saves = [];
  let text = "one";
  const save = ({ text }) => new Promise((done) => saves.push([text, () => done({ draft: { at: `at ${text}` } })]));
  const drafts = new DraftSync({ key: "test", field: { text: () => text, show() {} }, save, offer() {}, note() {} });
  drafts.end();
  text = "one two";
  drafts.end();
  saves[0][1]();
  await pause(20);
  said.drafts = saves.map(([words]) => words);
  localStorage.removeItem("parley:synced:test");

  const row = document.querySelector("#feed article");
  const text_ = row.querySelector(".message__body");
  let heard = 0;
  const add = text_.addEventListener;
  text_.addEventListener = (...what) => { heard += 1; add.apply(text_, what); };
  fold(row);
  fold(row);
  said.fold = heard;
  return said;
}
"""

TWICE = """() => [1, 2].forEach(() => {
  const how = { key: "k", code: "KeyK", ctrlKey: true, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new KeyboardEvent("keydown", how));
})"""


def test_what_a_page_does_by_itself_comes_to_an_end_and_loses_nothing(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    feed.post(juniper.space, juniper.ana, text="Who is here?", client_id=uuid.uuid4())
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    divider = tab.locator("#feed .day time")
    expect(divider).to_have_text("Today")

    said = tab.evaluate(PIECES)
    tab.clock.set_fixed_time(timezone.now() + timedelta(days=1))
    tab.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")

    expect(divider).to_have_text("Yesterday")
    assert said == {
        "sync 404": [True, 0, True],
        "sync undefined": [True, 0, True],
        "drafts": ["one", "one two"],
        "fold": 0,
    }


def test_what_is_fetched_only_when_it_is_wanted_may_not_come(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    tab.route("**/quick-switcher*.js", lambda route: route.abort())
    tab.keyboard.press("Control+k")
    expect(tab.get_by_text("This could not be loaded.")).to_be_visible()

    tab.unroute("**/quick-switcher*.js")
    tab.evaluate(TWICE)

    expect(tab.get_by_role("combobox")).to_be_focused()
    expect(tab.locator("quick-switcher")).to_have_count(1)
