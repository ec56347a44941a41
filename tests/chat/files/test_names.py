"""Names of files: what is shown, and what a header says."""

import re
from urllib.parse import unquote

import pytest

from chat.files import names

# What came, and what is shown. The first ones try to lead elsewhere or to deceive.
NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\win.ini": "win.ini",
    "/etc/passwd": "passwd",
    "C:\\boot.ini": "boot.ini",
    "a\x00.png": "a.png",
    "a.png%00.html": "a.png%00.html",
    "a\r\nSet-Cookie: x=1.png": "a Set-Cookie: x=1.png",
    "a.png.html": "a.png.html",
    ".htaccess": ".htaccess",
    ".": "file",
    "..": "file",
    "...": "file",
    "": "file",
    " ": "file",
    "\u200d": "file",
    "CON": "CON",
    "NUL.txt": "NUL.txt",
    "a.txt:evil": "a.txt:evil",
    'a"b.png': 'a"b.png',
    "<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
    "\u202egnp.exe": "gnp.exe",
    "фајл.pdf": "фајл.pdf",
    "\U0001f4a9.png": "\U0001f4a9.png",
    "trail.png ": "trail.png",
    "trail.png.": "trail.png",
    "$(id).png": "$(id).png",
    "| id": "| id",
    "a///b": "b",
    "=cmd|calc.csv": "=cmd|calc.csv",
    "Screenshot 10.03\u202fAM.png": "Screenshot 10.03 AM.png",
    "half\ud83d.png": "half.png",
}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_shown_as_it_is_less_what_deceives(name: str) -> None:
    assert names.clean(name) == NAMES[name]


@pytest.mark.parametrize("name", ["a" * 5000 + ".png", "é" * 200 + ".png", "\U0001f4a9" * 300 + ".tar.gz", "a" * 300])
def test_a_long_name_is_cut_and_keeps_its_ending(name: str) -> None:
    short = names.clean(name)

    assert len(short) <= names.CHARS_MAX and len(short.encode()) <= names.BYTES_MAX
    assert short.rpartition(".")[2] == name.rpartition(".")[2] or "." not in name


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_header_holds_one_line_of_ascii_and_no_path(name: str) -> None:
    value = names.disposition(names.clean(name))

    assert value.isascii() and value.isprintable()
    assert re.fullmatch(r"attachment; filename=\"[^\"\\/]+\"(; filename\*=UTF-8''[\w.~%!$&+^`|'()=-]+)?", value)
    assert not re.search(r"[\\/\r\n\u202e]", unquote(value.partition("''")[2]))
