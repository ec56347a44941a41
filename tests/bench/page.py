"""What a Space costs a browser: JavaScript, CSS, and the time to first content.

*Called by*: `__main__.py`. *Keeps true*: Chromium's own figures of a real page of messages, from the product's own
server; cold means an empty cache, and bytes are counted as they came over the wire.
"""

import os
import shutil
import uuid
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.bench import machine
from tests.bench.figures import Figure, of_times, tidy
from tests.bench.stage import Stage, stage

TARGET_KB = 150
PAINT_MS = 200
_MEASURE = """() => {
  const kind = (entry) => new URL(entry.name).pathname.split(".").pop();
  const all = performance.getEntriesByType("resource");
  const sum = (wanted, field) => all.filter((e) => wanted.includes(kind(e))).reduce((n, e) => n + e[field], 0);
  const navigation = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    js: sum(["js"], "encodedBodySize"), css: sum(["css"], "encodedBodySize"),
    jsRaw: sum(["js"], "decodedBodySize"), cssRaw: sum(["css"], "decodedBodySize"),
    html: navigation.encodedBodySize, first: navigation.responseStart, paint: paint ? paint.startTime : NaN,
    requests: all.length + 1, loaded: navigation.loadEventEnd,
  };
}"""
_TALK = (
    "Morning! The offsite is on **12 March**, in Lisbon. Who books the trains?",
    "I do. Three tickets, leaving at 9:40.\n\n- a seat with a table\n- two without",
    "```python\nsum([540, 210, 160])  # 910\n```",
)


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    rounds = 3 if quick else 10
    with stage(people=3, spaces=1) as on:
        _talk(on)
        on.stack.start_web()
        cookies = on.sign_in(on.people[0])
        with sync_playwright() as play:
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            _load(on, browser, cookies, 2)
            load = machine.Load()
            cold = [_load(on, browser, cookies, 1)[0] for _ in range(rounds)]
            warm = _load(on, browser, cookies, rounds + 1)[1:]
            load.stop()
            browser.close()
    one = cold[0]
    return [
        Figure("JavaScript and CSS over the wire", tidy((one["js"] + one["css"]) / 1000), "kB", TARGET_KB),
        Figure("JavaScript over the wire", tidy(one["js"] / 1000), "kB"),
        Figure("CSS over the wire", tidy(one["css"] / 1000), "kB"),
        Figure("JavaScript and CSS, unpacked", tidy((one["jsRaw"] + one["cssRaw"]) / 1000), "kB"),
        Figure("the page itself, 50 messages", tidy(one["html"] / 1000), "kB"),
        Figure("requests", one["requests"], ""),
        *of_times("first content, cold", (row["paint"] / 1000 for row in cold), p50=PAINT_MS),
        *of_times("first content, warm", (row["paint"] / 1000 for row in warm)),
        *of_times("first byte of the page", (row["first"] / 1000 for row in cold)),
        *of_times("loaded, cold", (row["loaded"] / 1000 for row in cold)),
        Figure("other CPU", tidy(load.other_percent), "% of a core"),
    ]


def _talk(on: Stage) -> None:
    from chat import feed

    for number in range(51):
        author = on.people[number % len(on.people)]
        feed.post(on.spaces[0], author, text=_TALK[number % len(_TALK)], client_id=uuid.uuid4())


def _load(on: Stage, browser: Browser, cookies: dict[str, str], times: int) -> list[dict[str, Any]]:
    """Open the Space so many times in one fresh context; the first time finds an empty cache."""
    context = browser.new_context()
    context.add_cookies([{"name": name, "value": value, "url": on.stack.url} for name, value in cookies.items()])
    found = []
    for _ in range(times):
        page = context.new_page()
        answer = page.goto(on.stack.url + on.space_path(on.spaces[0]), wait_until="load")
        assert answer and answer.status == 200 and page.locator("article").count() == 50
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        found.append(page.evaluate(_MEASURE))
        page.close()
    context.close()
    return found
