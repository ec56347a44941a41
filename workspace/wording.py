"""The catalogs of translations: what is found in the code, merged into locale/*, compiled for Django and for browsers.

*Called by*: the command `words`. *Keeps true*: what a translator wrote is never lost to an update; what a browser says
itself is in a script of its own (static/words/<language>.js). *Why* Babel: GNU gettext need not be installed.
"""

import os
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

ROOMS = ("workspace", "catalog", "gateway", "billing", "tools", "chat", "api", "config", "templates", "static/js")
# Besides the scripts' own words: sentences that a row keeps, and that each browser says in its own language.
SAID_IN_BROWSERS = ("static/js/", "chat/reasons.py", "catalog/sources.py", "billing/refusals.py", "gateway/errors.py")
SCRIPTS = {"encoding": "utf-8", "parse_template_string": True}
BROWSER = "Said in browsers."
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_DATES = re.compile(
    rb'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Report-Msgid-Bugs-To):.*\n',
    re.MULTILINE,
)
Found = tuple[int, Any, list[str], str | None]
_SAY = re.compile(r"""\{%-?\s*say(?:_on\s+"[\w-]+")?\s+"((?:[^"\\]|\\.)*)"(?:\s+plural="((?:[^"\\]|\\.)*)")?""")


def find(root: Path) -> Catalog:
    """Every sentence in the code, as an untranslated catalog."""
    catalog = Catalog(project="Parley", charset="utf-8")
    for path in _files(root):
        where = path.relative_to(root).as_posix()
        for _, message, comments, context in _extract(path):
            if where.startswith(SAID_IN_BROWSERS) and BROWSER not in comments:
                comments = [*comments, BROWSER]
            # Without numbers of lines, so that a catalog changes only where its words do.
            catalog.add(message, None, [(where, 0)], auto_comments=comments, context=context)
    return catalog


def read(root: Path, language: str) -> Catalog:
    path = _po(root, language)
    if not path.exists():
        return Catalog(locale=to_locale(language), project="Parley", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=to_locale(language))


def update(root: Path, language: str) -> Catalog:
    """Bring the .po file in step with the code. What is no longer said is dropped; what is new is left empty."""
    catalog = read(root, language)
    catalog.fuzzy, catalog.header_comment = False, "# Parley in other words. docs/translating.md says how."
    catalog.update(find(root), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    written = BytesIO()
    write_po(written, catalog, width=110, sort_output=True, include_lineno=False, omit_header=False)
    # When it was made, git knows; here it would be a conflict in every merge.
    _put(_po(root, language), _DATES.sub(b"", written.getvalue()))
    return catalog


def build(root: Path, language: str) -> None:
    """Write the catalog as Django reads it, and as browsers do."""
    catalog = read(root, language)
    binary = BytesIO()
    write_mo(binary, catalog)
    _put(_po(root, language).with_suffix(".mo"), binary.getvalue())
    words = {_id(message): _forms(message) for message in catalog if message.id and BROWSER in message.auto_comments}
    script = b"// The words of scripts; made by bin/manage words.\n"
    script += b"export default {words: " + orjson.dumps({key: text for key, text in words.items() if text})
    script += b", plural: (n) => Number(" + catalog.plural_expr.encode() + b")};\n"
    _put(root / "static" / "words" / f"{language}.js", script)


def missing(root: Path, language: str) -> list[str]:
    """What a reader of this language would still see in English."""
    catalog = read(root, language)
    found = []
    for message in find(root):
        translated = catalog.get(message.id, message.context)
        strings = _strings(translated) if translated else ()
        if message.id and not (strings and all(strings)):
            found.append(f"{message.locations[0][0]}: {_id(message)}")
    return found


def languages() -> list[str]:
    """Those that are translated into."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def _files(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            is_plain = path.suffix in (".py", ".html", ".txt", ".js") and path.is_file()
            if is_plain and "migrations" not in path.parts and "local" not in path.parts:
                yield path


def _extract(path: Path) -> Iterable[Found]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        yield from extract("javascript", BytesIO(text.encode()), KEYWORDS, [], SCRIPTS)
        return
    if path.suffix in (".html", ".txt"):
        yield from _said(text)
        # Lines that are not Python by their indentation alone would end the extraction.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).split("\n"))
    yield from extract("python", BytesIO(text.encode()), KEYWORDS, [], {"encoding": "utf-8"})


def _said(template: str) -> Iterator[Found]:
    """What the tags say and say_on name; templatize does not know them."""
    for hit in _SAY.finditer(template):
        one, many = hit[1].replace('\\"', '"'), (hit[2] or "").replace('\\"', '"')
        yield template.count("\n", 0, hit.start()) + 1, (one, many) if many else one, [BROWSER], None


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _forms(message: Message) -> str | tuple[str, ...]:
    """What a browser says: a sentence, or its plural forms; nothing until all are translated."""
    strings = _strings(message)
    if not all(strings):
        return ""
    return strings if isinstance(message.id, tuple) else strings[0]


def _po(root: Path, language: str) -> Path:
    return root / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def _put(path: Path, content: bytes) -> None:
    """Whoever reads it meanwhile reads the old or the new, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    made.write_bytes(content)
    made.replace(path)
