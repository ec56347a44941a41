"""The house rules as a test: sizes, names, headers, and one place per danger.

*Keeps true*: every rule finds its own example (CAUGHT), so that none of them can pass because it looks at nothing.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "api", "chat", "tools", "billing", "gateway", "catalog", "workspace")
ELSEWHERE = ("templates", "static", "tests", "docs", "bin")
TEXTS = {".py", ".html", ".txt", ".js", ".css", ".svg", ".md", ".sql", ".sh", ".toml", ".yml", ".yaml", ""}
LINES_MAX = {".py": 400, ".html": 120, ".js": 200, ".css": 300}
FUNCTION_MAX = 50
HEADER_MAX = 6
NO_NAMES = re.compile(r"^(utils?|helpers?|commons?|cores?|misc|bases?|services?|managers?)$")
NO_VERBS = re.compile(r"^_?(do|handle|process|manage|perform)_")
# Django, httpx2, daphne and the parser of HTML call these.
NAMED_BY_OTHERS = {
    *("process_view", "process_exception", "handle_async_request", "handle_reply"),
    *("handle_starttag", "handle_data", "handle_comment"),
}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|WI" r"P|TB" r"D)\b|not implemented|coming soon", re.I)
MACHINE_PATH = re.compile(r"(?<![\w.<}])/(work|tmp|root|home|Users)/")
WEB_CLIENTS = {
    "httpx",
    "httpx2",
    "httpcore2",
    "openai",
    "requests",
    "urllib3",
    "aiohttp",
    "urllib.request",
    "http.client",
}
# What is imported where, and nowhere else in the product.
ONLY_IN = {
    "gateway.calls": {"billing/metering.py"},
    "stripe": {"billing/stripe_api.py"},
    "markdown_it": {"chat/markdown/syntax.py", "chat/markdown/formula_syntax.py"},
    "nh3": {"chat/markdown/__init__.py"},
    "latex2mathml": {"chat/markdown/formulas.py"},
    "django.utils.safestring": {"chat/models/message.py", "chat/models/file.py", "chat/files/excerpts.py"},
    "redis": {
        *("chat/broadcast.py", "chat/live.py", "chat/hub.py", "chat/engine.py", "chat/presence.py"),
        "chat/views/health.py",
    },
    "PIL": {"chat/files/darkroom.py"},
    "pypdfium2": {"chat/files/darkroom.py"},
    **dict.fromkeys(["storages", "boto3", "botocore"], {"chat/files/bucket.py"}),
    "webpush": {"chat/push/sealing.py"},
    "channels.layers": set(),
    **dict.fromkeys(WEB_CLIENTS, {"gateway/outbound.py", "gateway/openai_dialect.py"}),
}
# A mail carries its sheet: no policy of ours reaches a mail program, and it fetches nothing.
MAILS = {"templates/notices/letter.html", "templates/billing/mail/letter.html"}
NARROW = {"visible_to", "writable_by", "joined_by", "present", "open"}
GUARDED = {"Space", "SpaceMember", "Message", "Member", "Reply", "Mention", "Invitation", "Org", "AuditLine", "User"}


@dataclass(frozen=True)
class File:
    """A file of the tree, or an example of one."""

    path: str
    text: str

    @property
    def kind(self) -> str:
        return Path(self.path).suffix

    @property
    def is_product(self) -> bool:
        return self.kind == ".py" and self.path.split("/")[0] in ROOMS and not self.is_migration

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def imports(self) -> set[str]:
        """Every module that is imported, with every package that it is in: gateway.calls and gateway."""
        named: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return {".".join(name.split(".")[:end]) for name in named for end in range(1, name.count(".") + 2)}


Rule = Callable[[File], Iterator[str]]


def no_file_passes_its_wall(file: File) -> Iterator[str]:
    most = LINES_MAX.get(file.kind)
    if most and not file.is_migration and (lines := file.text.count("\n")) > most:
        yield f"{lines} lines; at most {most}"


def no_function_passes_its_wall(file: File) -> Iterator[str]:
    for node in file.nodes if file.kind == ".py" else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_MAX:
                yield f"{node.name}: {lines} lines; at most {FUNCTION_MAX}"


def no_file_is_called_after_nothing(file: File) -> Iterator[str]:
    if file.kind in (".py", ".js") and any(NO_NAMES.match(part) for part in Path(file.path).with_suffix("").parts):
        yield "say what is in it"


def no_verb_says_nothing(file: File) -> Iterator[str]:
    for node in file.nodes if file.kind == ".py" else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and NO_VERBS.match(node.name):
            if node.name not in NAMED_BY_OTHERS:
                yield f"{node.name}: name what it does"


def every_file_has_a_short_header(file: File) -> Iterator[str]:
    if file.kind == ".py" and file.text and not file.is_migration:
        first = next(iter(ast.parse(file.text).body), None)
        is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        if not is_docstring or not isinstance(first.value.value, str):  # type: ignore[union-attr]
            yield "no header"
        elif (lines := (first.end_lineno or 0) - first.lineno + 1) > HEADER_MAX + 1:  # type: ignore[union-attr]
            yield f"a header of {lines} lines; at most {HEADER_MAX}"
    if file.kind in (".js", ".css") and file.text and not file.text.lstrip().startswith(("//", "/*", "@")):
        yield "no header"


def every_danger_has_one_place(file: File) -> Iterator[str]:
    if not file.is_product or file.path.startswith("config/local/"):
        return
    for module, places in ONLY_IN.items():
        if module in file.imports and file.path not in places:
            yield f"imports {module}, which is for {', '.join(sorted(places)) or 'nobody'}"


def credits_move_only_through_the_ledger(file: File) -> Iterator[str]:
    if not file.is_product or file.path == "billing/ledger.py":
        return
    for node in file.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r"\bledger_[a-z]+\s*\(", node.value):
                yield f"line {node.lineno} calls a function of the ledger"


def only_broadcast_publishes(file: File) -> Iterator[str]:
    if not file.is_product or file.path in ("chat/broadcast.py", "chat/live.py"):
        return
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and node.attr in ("publish", "group_send", "channel_layer"):
            whose = node.value.id if isinstance(node.value, ast.Name) else ""
            if whose not in ("broadcast", "prices"):
                yield f"line {node.lineno} publishes"


def views_reach_rows_through_access(file: File) -> Iterator[str]:
    is_for_people = "/views/" in file.path or file.path in ("chat/sockets.py", "chat/context.py")
    if not (file.is_product and is_for_people):
        return
    objects = [node for node in file.nodes if isinstance(node, ast.Attribute) and node.attr == "objects"]
    calls = {id(node.value): node.attr for node in file.nodes if isinstance(node, ast.Attribute)}
    for node in objects:
        table = node.value.id if isinstance(node.value, ast.Name) else ""
        if table in GUARDED and calls.get(id(node)) not in NARROW:
            if not (table == "SpaceMember" and "OuterRef" in file.text):
                yield f"line {node.lineno} reads {table} past its access.py"


def no_error_is_swallowed(file: File) -> Iterator[str]:
    for node in file.nodes if file.kind == ".py" and not file.path.startswith("tests/") else ():
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        if re.search(r"\b(everything|Exception|BaseException)\b", caught):
            told = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            logged = any(isinstance(inner, ast.Attribute) and inner.attr == "exception" for inner in ast.walk(node))
            if not (told or logged):
                yield f"line {node.lineno} swallows {caught}"


def nothing_is_printed(file: File) -> Iterator[str]:
    if not file.is_product or file.path == "config/local/trouble.py":
        return
    for node in file.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"line {node.lineno} prints"


def nothing_is_left_unfinished(file: File) -> Iterator[str]:
    if found := UNFINISHED.search(file.text):
        yield f"says {found[0]!r}"


def no_machine_is_named(file: File) -> Iterator[str]:
    if found := MACHINE_PATH.search(file.text):
        yield f"names a path of somebody's machine: {found[0]}"


def pages_carry_no_script_or_style(file: File) -> Iterator[str]:
    if file.kind != ".html":
        return
    for tag in re.findall(r"<script\b[^>]*>", file.text):
        if " src=" not in tag and 'type="importmap" nonce=' not in tag:
            yield f"an inline script: {tag}"
    # Help texts are Django's own HTML (the list of password rules); nothing else may pass unescaped.
    text = file.text.replace("field.help_text|safe", "")
    if file.path in MAILS:
        text = re.sub(r"<style>[^<]*</style>", "", text)
    if found := re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b|autoescape\s+off", text):
        yield f"inline: {found[0].strip()}"


def styles_know_no_left_and_right(file: File) -> Iterator[str]:
    """Left and right change places in Arabic and Hebrew: a style says start and end."""
    if file.kind != ".css":
        return
    text = re.sub(r"/\*.*?\*/|env\(safe-area-inset-[a-z]+\)", "", file.text, flags=re.DOTALL)
    physical = (
        r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding|inset)-(?:left|right|top|bottom)[\w-]*"
        r"|(?:border-(?:top|bottom)-(?:left|right)-radius)|left|right|top|bottom|(?:min-|max-)?(?:width|height))\s*:"
        r"|(?:text-align|float|clear|caption-side)\s*:\s*(?:left|right)"
    )
    for sides in re.findall(r"(?:margin|padding|inset|border-width)\s*:\s*([^;{}]+);", text):
        values = re.findall(r"(?:[^\s()]|\([^()]*(?:\([^()]*\)[^()]*)*\))+", sides)
        if len(values) == 4 and values[1] != values[3]:
            yield f"{sides}: the second and the fourth change places"
    for found in re.finditer(physical, re.sub(r"@(?:media|container|supports)[^{]*", "", text)):
        yield f"{found[0]}: say inline and block, start and end"


def scripts_make_no_html(file: File) -> Iterator[str]:
    if file.kind == ".js" and file.path != "static/js/lib/html.js":
        made = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function"
        if found := re.search(made, file.text):
            yield f"makes HTML or code of text: {found[0]}"


CAUGHT: dict[Rule, File] = {
    no_file_passes_its_wall: File("static/js/long.js", "// x\n" * 201),
    no_function_passes_its_wall: File("chat/a.py", '"""A."""\ndef long():\n' + "    a = 1\n" * 50),
    no_file_is_called_after_nothing: File("chat/utils.py", '"""A."""'),
    no_verb_says_nothing: File("chat/a.py", '"""A."""\ndef _handle_it(): ...'),
    every_file_has_a_short_header: File("chat/a.py", '"""A\n\n1\n2\n3\n4\n5\n6\n"""\n'),
    every_danger_has_one_place: File("chat/a.py", '"""A."""\nfrom gateway import calls'),
    credits_move_only_through_the_ledger: File("chat/a.py", '"""A."""\nsql = "SELECT ledger_grant(%s)"'),
    only_broadcast_publishes: File("chat/a.py", '"""A."""\nclient.publish("space:1", "x")'),
    views_reach_rows_through_access: File("chat/views/a.py", '"""A."""\nSpace.objects.filter(pk=1)'),
    no_error_is_swallowed: File("chat/a.py", '"""A."""\ntry: ...\nexcept (ValueError, Exception): pass'),
    nothing_is_printed: File("chat/a.py", '"""A."""\nprint(1)'),
    nothing_is_left_unfinished: File("chat/a.py", '"""A."""\n# todo: write this'),
    no_machine_is_named: File("docs/a.md", "see /home/ana/notes"),
    pages_carry_no_script_or_style: File("templates/a.html", '<p onclick="go()">'),
    styles_know_no_left_and_right: File("static/css/a.css", ".a { margin-left: 1rem }"),
    scripts_make_no_html: File("static/js/a.js", "// a\nbox.innerHTML = text"),
}


def tree() -> Iterator[File]:
    """Every text file that is ours: what git would carry, whether it is committed yet or not."""
    paths = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for room in (*ROOMS, *ELSEWHERE, ".ci"):
        paths += [path for path in (ROOT / room).rglob("*") if path.is_file()]
    for path in sorted(paths):
        if path.suffix in TEXTS and "__pycache__" not in path.parts:
            yield File(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


FILES = [file for file in tree() if file.path != "tests/test_tidy.py"]


@pytest.mark.parametrize("rule", CAUGHT, ids=lambda rule: rule.__name__)
def test_the_house_rule_holds_everywhere(rule: Rule) -> None:
    broken = [f"{file.path}: {what}" for file in FILES for what in rule(file)]

    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", CAUGHT, ids=lambda rule: rule.__name__)
def test_the_house_rule_finds_what_it_forbids(rule: Rule) -> None:
    assert list(rule(CAUGHT[rule]))


def test_every_room_is_looked_at() -> None:
    seen = {file.path.split("/")[0] for file in FILES}

    assert {"billing", "catalog", "chat", "config", "gateway", "workspace", "templates", "static", "tests"} <= seen
    assert sum(file.is_product for file in FILES) > 100


# What the settings read, one way or another: os.environ.get("X"), os.environ["X"], flag("X").
_READ = re.compile(r'(?:environ(?:\.get\(|\[)|\bflag\()\s*"([A-Z][A-Z0-9_]+)"')
_DOCUMENTED = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)
# Set for a process by Django, bin/up or bin/test, not by an operator.
_INNER = {"DJANGO_SETTINGS_MODULE", "PARLEY_BEAT", "CHROMIUM"}


def test_every_variable_of_the_environment_is_documented_and_every_documented_one_is_read() -> None:
    product = [file for file in FILES if file.is_product]
    read = {name for file in product for name in _READ.findall(file.text)} - _INNER
    elsewhere = {name for file in product for name in re.findall(r'"([A-Z][A-Z0-9_]+)"', file.text)}
    documented = set(_DOCUMENTED.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8")))

    assert documented - read - elsewhere == set(), "documented, but nobody reads it"
    assert read - documented == set(), "read, but docs/settings.md does not say what it does"


def test_the_tables_are_what_the_migrations_make_of_them() -> None:
    loader = MigrationLoader(None)
    made = loader.project_state()

    wanted = ProjectState.from_apps(apps)

    assert loader.detect_conflicts() == {}
    changes = MigrationAutodetector(made, wanted).changes(graph=loader.graph)
    ours = {label: [str(each) for each in found] for label, found in changes.items() if label in ROOMS}
    assert ours == {}


def test_every_test_that_the_page_about_security_names_is_there() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/\S+)::(test_\w+)`", page)

    missing = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]

    assert missing == []
    assert len(named) == page.count("\n- ")
