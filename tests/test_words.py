"""Every sentence that a person sees is wrapped, and translated, and its translation fits.

*Keeps true*: what is missing is listed by file and sentence. *Why* two of them are marked `words`: whoever is in the
middle of a piece of work, with sentences that have not settled, leaves them out with -m "not words".
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings

from workspace import wording

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = wording.languages()
_PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
_TAGS = re.compile(r"</?[a-z][\w-]*|\s(?:class|href|datetime|data-[\w-]+)=\"[^\"]*\"")


def translated(language: str) -> Iterator[tuple[Message, str]]:
    for message in wording.read(ROOT, language):
        for string in wording._strings(message) if message.id else ():
            if string:
                yield message, string


def sources(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


@pytest.mark.words
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    missing = wording.missing(ROOT, language)

    assert not missing, f"{len(missing)} are not; bin/manage words collects them:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_what_its_sentence_does(language: str) -> None:
    wrong = []
    for message, string in translated(language):
        wanted = [sorted(_PLACES.findall(source)) for source in sources(message)]
        # A form may leave out how many there are: "one reply".
        if sorted(_PLACES.findall(string)) not in wanted:
            wrong.append(f"{sources(message)[0]} → {string}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_tags_of_its_sentence(language: str) -> None:
    wrong = []
    for message, string in translated(language):
        if sorted(_TAGS.findall(string)) not in [sorted(_TAGS.findall(source)) for source in sources(message)]:
            wrong.append(f"{sources(message)[0]} → {string}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_as_many_forms_as_the_language(language: str) -> None:
    catalog = wording.read(ROOT, language)

    wrong = [
        sources(message)[0]
        for message in catalog
        if isinstance(message.id, tuple) and len(wording._strings(message)) != catalog.num_plurals
    ]

    assert wrong == []
    assert catalog.num_plurals == {"zh-hant": 1}[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_a_guess(language: str) -> None:
    assert [message.id for message in wording.read(ROOT, language) if message.fuzzy and message.id] == []


WRAPPED = {
    "chat/a.py": 'from x import gettext as _\n_("One")\ngettext_lazy("Two")\nngettext("{n} a", "{n} b", n)\ngettext_noop("Three")\n',
    "templates/a.html": '<p title="{% translate "Four" %}">\n    {% blocktranslate with a=b %}Five {{ a }}{% endblocktranslate %}</p>\n  {{ x|default:_("Six") }}{% say "Seven" %}',
    "templates/b.txt": "{% blocktranslate count n=x %}{{ n }} c{% plural %}{{ n }} d{% endblocktranslate %}",
    "templates/c.html": '<b {% say_on "title" "Eight {n}" plural="Eights {n}" count=n %}>{% say words %}',
    "static/js/a.js": 'say(gettext("Nine {a}", { a }), ngettext("{count} e", "{count} f", n)); const x = `${gettext("Ten")}`;',
}


def test_the_words_are_found_wherever_they_are_said(tmp_path: Path) -> None:
    for path, text in WRAPPED.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    found = {message.id: message for message in wording.find(tmp_path) if message.id}

    assert set(found) == {
        *("One", "Two", ("{n} a", "{n} b"), "Three", "Four", "Five %(a)s", "Six", "Seven"),
        *(("%(n)s c", "%(n)s d"), ("Eight {n}", "Eights {n}"), "Nine {a}", ("{count} e", "{count} f"), "Ten"),
    }
    in_browsers = {key for key, message in found.items() if wording.BROWSER in message.auto_comments}
    assert in_browsers == {"Seven", ("Eight {n}", "Eights {n}"), "Nine {a}", ("{count} e", "{count} f"), "Ten"}


# What is not a word of ours: names, and examples of people and models. What stands as code is typed as it stands.
PLAIN = re.compile(r"Parley|git clone.*|bin/up|&[a-z]+;|Ines Rua|Tomas Dahl|IR|TD|@?llama-3\.2-1b|Llama 3\.2 1B", re.I)
_QUIET = re.compile(
    r"\{#.*?#\}|\{% block (?:body_class|width) %\}.*?\{% endblock %\}|\{% comment %\}.*?\{% endcomment %\}|\{% blocktranslate.*?endblocktranslate %\}|<script.*?</script>|<code>.*?</code>",
    re.S,
)
_SHOWN = re.compile(r'\s(?:title|aria-label|placeholder|alt|label)="([^"]*)"')


def bare_in_template(text: str) -> Iterator[str]:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\0", _QUIET.sub("\0", text), flags=re.S)
    pieces = [piece for value in _SHOWN.findall(text) for piece in value.split("\0")]
    # Tags of a template inside a tag of HTML may hold a quote or a bracket; what is left of a tag is no text.
    pieces += re.sub(r"<[^<>]*>", "\0", text).split("\0")
    for piece in pieces:
        words = PLAIN.sub("", piece).strip()
        if re.search(r"[A-Za-z]{2}", words) and not re.search(r'[<>={]|^"', words):
            yield words


# Called with a sentence as first argument, when a person is meant to read it.
_TELLERS = re.compile(
    r"^(Refused|NotFound|Forbidden|Invalid|Suspended|PlanLimit|Unpriced|NoPool|ValidationError|TooLong|TooMany|Conflict)$"
)


def bare_in_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        told: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            told = [node.args[0]] if node.args and _TELLERS.match(name) else []
            told += [key.value for key in node.keywords if key.arg in ("label", "help_text", "empty_label")]
        elif isinstance(node, ast.Assign) and any(getattr(each, "id", "") == "message" for each in node.targets):
            told = [node.value]
        for value in told:
            if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                words = re.sub(r"\{.*?\}(?!\})", "", ast.unparse(value).removeprefix("f"))
                if re.search(r"[A-Z]", words):
                    yield words


_PUT = (
    r"(?:textContent|title|ariaLabel|placeholder|alt)\s*\??=\s*|setAttribute\(\"(?:title|aria-label|placeholder)\",\s*"
)
_SENTENCE = re.compile(
    rf'(?:{_PUT})(["`](?:[^"`\n]*[A-Za-z]{{2}}[^"`\n]*)["`])|(?<!gettext\()(?<!gettext\(\n)"([A-Z][^"\n]* [^"\n]*[.!?…])"'
)


def bare_in_script(text: str) -> Iterator[str]:
    text = re.sub(r"^\s*(//|\*|/\*).*$", "", text, flags=re.M)
    text = re.sub(r"new (?:Type|Range|Syntax)?Error\(.*?\);", "", text)  # for whoever reads the console
    text = re.sub(r'n?gettext\(\s*"(?:[^"\\]|\\.)*"(?:,\s*"(?:[^"\\]|\\.)*")?', "said(", text)
    for hit in _SENTENCE.finditer(text):
        words = re.sub(r"\$\{[^}]*\}", "", hit[1] or hit[2])
        if re.search(r"[A-Za-z]{2}", words):
            yield hit[1] or hit[2]


def included(path: str, seen: set[str]) -> set[str]:
    """The template and all that it includes by name, itself among them."""
    if path not in seen:
        seen.add(path)
        text = (ROOT / "templates" / path).read_text(encoding="utf-8")
        for each in re.findall(r'\{% include "([^"]+)"', text):
            included(each, seen)
    return seen


def test_a_message_says_nothing_that_a_browser_could_not_say_again() -> None:
    parts = included("chat/_message.html", set())

    fixed = {
        path: re.findall(
            r"\{%\s*(?:block)?translate[^%]*%\}|_\(\"", (ROOT / "templates" / path).read_text(encoding="utf-8")
        )
        for path in parts
    }

    assert {path: found for path, found in fixed.items() if found} == {}, "in a message, use say and say_on"
    assert "chat/_reply_foot.html" in parts


LOOKS = {".html": bare_in_template, ".py": bare_in_python, ".js": bare_in_script}


@pytest.mark.words
def test_no_sentence_is_left_that_cannot_be_translated() -> None:
    bare = []
    for path in wording._files(ROOT):
        where = path.relative_to(ROOT).as_posix()
        if path.suffix in LOOKS and "management" not in path.parts and where != "templates/_icons.html":
            bare += [f"{where}: {words}" for words in LOOKS[path.suffix](path.read_text(encoding="utf-8"))]

    assert not bare, "\n".join(bare)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (".html", "<p>Hello there</p>"),
        (".html", '<a href="{% url "home" %}" title="Go home">{{ name }}</a>'),
        (".html", '{% if a %}<b class="x">Yes, do</b>{% endif %}'),
        (".py", 'raise Invalid("That cannot be.")'),
        (".py", 'raise errors.Forbidden(f"No {name}, never")'),
        (".py", 'class A:\n    message = "Not so."'),
        (".py", 'forms.CharField(label="Name")'),
        (".js", 'button.textContent = "Send";'),
        (".js", "row.title = `Sent by ${name}`;"),
        (".js", 'node.setAttribute("aria-label", "Close it");'),
        (".js", 'throw new Trouble("It is broken.");'),
    ],
)
def test_a_sentence_that_cannot_be_translated_is_found(kind: str, text: str) -> None:
    assert list(LOOKS[kind](text))


def test_each_language_that_can_be_chosen_has_a_name_and_a_catalog() -> None:
    assert dict(settings.LANGUAGES)["zh-hant"] == "繁體中文"
    assert all(wording._po(ROOT, language).exists() for language in LANGUAGES)
