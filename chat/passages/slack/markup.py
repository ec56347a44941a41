"""What Slack wrote, as Markdown: rich-text blocks where a message has them, else Slack's own mark-up.

*Called by*: chat.passages.slack.bring. *Keeps true*: text stays text: what is no mark-up in Slack is none here; people
become mentions by id, where they are known, else their name.
Source of the formats: Slack's reference of rich_text blocks, and of formatting text with mrkdwn.
"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import emoji

from chat.passages.values import dicts, inside, text, whole

# What Slack calls differently from everybody else.
NAMES = {"simple_smile": "slightly_smiling_face", "slightly_smiling": "slightly_smiling_face"}
TONES = {"2": "🏻", "3": "🏼", "4": "🏽", "5": "🏾", "6": "🏿"}
DEPTH_MAX = 8
SOURCE_MAX = 100_000
_SPECIAL = re.compile(r"[\\`*~\[\]<]|(?<!\w)_|_(?!\w)")
_LINE_START = re.compile(
    r"^([^\S\n]*\d{1,9}(?=[.)]\s)|[^\S\n]*)(?:(?<=\d)([.)])|(#{1,6}(?=\s)|[-+](?=\s)|>))", re.MULTILINE
)
_ANGLE = re.compile(r"<([^<>\n]{1,3000})>")
_CODE = re.compile(r"```\n?(.*?)\n?```|`([^`\n]+)`", re.DOTALL)
_SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,60})(?:::skin-tone-([2-6]))?:", re.IGNORECASE)
_STYLES = ((re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"**\1**"),) + (
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"*\1*"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"~~\1~~"),
)
GROUPS = {"here": "here", "channel": "space", "everyone": "space", "group": "space"}


class Markup:
    """`mention(user_id)` gives the key "M:<id>" of somebody who came along, or ""; `name(id)` what it is called."""

    def __init__(self, mention: Callable[[str], str], name: Callable[[str], str]) -> None:
        self._mention, self._name = mention, name

    def message(self, row: dict[str, Any]) -> str:
        """The Markdown of a message: what it says, what its attachments say, which files it had."""
        rich = [block for block in dicts(row.get("blocks")) if block.get("type") == "rich_text"]
        said = (
            "\n".join(self._blocks(block) for block in rich)
            if rich
            else self.mrkdwn(text(row.get("text"))[:SOURCE_MAX])
        )
        if row.get("subtype") == "me_message" and said.strip() and "\n" not in said.strip():
            said = f"*{said.strip()}*"
        parts = [said, *map(self._attachment, dicts(row.get("attachments")))]
        parts += [file for file in map(_file, dicts(row.get("files"))) if file]
        return "\n\n".join(part.strip("\n") for part in parts if part.strip())

    def mrkdwn(self, source: str) -> str:
        """Slack's mark-up: code is kept as it is, the rest is put into our words."""
        pieces, end = [], 0
        for code in _CODE.finditer(source):
            pieces.append(self._styled(source[end : code.start()]))
            pieces.append(_fenced(unescape(code[1])) if code[1] is not None else _code(self._bare(code[2])))
            end = code.end()
        return "".join([*pieces, self._styled(source[end:])])

    def _bare(self, source: str) -> str:
        return unescape(_ANGLE.sub(lambda found: found[1].partition("|")[0], source))

    def _styled(self, source: str) -> str:
        kept: list[str] = []

        def keep(found: re.Match[str]) -> str:
            kept.append(self._angle(found[1]))
            return f"\x02{len(kept) - 1}\x03"

        plain = _ANGLE.sub(keep, source.replace("\x02", "").replace("\x03", ""))
        plain = re.sub(r"(?m)^&gt;(?:&gt;&gt;)?\s?", "\x04", plain)
        plain = unescape(plain).replace("\\", "\\\\").replace("[", "\\[").replace("<", "\\<")
        plain = _LINE_START.sub(_escape_start, plain)
        for pattern, ours in _STYLES:
            plain = pattern.sub(ours, plain)
        plain = _as_emoji(plain.replace("• ", "- ")).replace("\x04", "> ")
        return re.sub(r"\x02(\d+)\x03", lambda found: kept[int(found[1])], plain)

    def _angle(self, inside: str) -> str:
        target, _, label = inside.partition("|")
        target, label = unescape(target), unescape(label)
        if target.startswith("@"):
            return self._person(target[1:], label)
        if target.startswith("#"):
            return _escaped(f"#{label or self._name(target[1:])}")
        if target.startswith("!"):
            word = target[1:].partition("^")[0]
            return f"<@G:{GROUPS[word]}>" if word in GROUPS else _escaped(label or f"@{word}")
        return _link(target, label)

    def _person(self, user_id: str, label: str = "") -> str:
        if key := self._mention(user_id):
            return f"<@{key}>"
        return _escaped(f"@{label.lstrip('@') or self._name(user_id)}")

    # --- rich text ------------------------------------------------------------------------------

    def _blocks(self, block: dict[str, Any]) -> str:
        made = [self._part(part) for part in dicts(block.get("elements"))]
        return "\n".join(part for part in made if part)

    def _part(self, part: dict[str, Any]) -> str:
        kind = part.get("type")
        if kind == "rich_text_preformatted":
            return _fenced("".join(self._raw(each) for each in dicts(part.get("elements"))))
        if kind == "rich_text_quote":
            return "\n".join(f"> {line}" for line in self._line(part).strip("\n").split("\n")) + "\n"
        if kind == "rich_text_list":
            return self._list(part)
        return self._line(part) if kind == "rich_text_section" else ""

    def _list(self, part: dict[str, Any]) -> str:
        depth = whole(part.get("indent"))
        first = whole(part.get("offset"))
        is_ordered = part.get("style") == "ordered"
        lines = []
        for number, item in enumerate(dicts(part.get("elements")), start=max(0, first) + 1):
            mark = f"{number}." if is_ordered else "-"
            said = self._line(item).strip("\n").replace("\n", "\n" + "    " * (min(depth, DEPTH_MAX) + 1))
            lines.append(f"{'    ' * min(max(depth, 0), DEPTH_MAX)}{mark} {said}")
        return "\n".join(lines)

    def _line(self, part: dict[str, Any]) -> str:
        joined = "".join(self._inline(each) for each in dicts(part.get("elements")))
        return _LINE_START.sub(_escape_start, joined)

    def _inline(self, each: dict[str, Any]) -> str:
        kind = each.get("type")
        style = inside(each.get("style"))
        if kind == "text":
            return _in_style(text(each.get("text")), style)
        if kind == "link":
            return _link(text(each.get("url")), text(each.get("text")))
        if kind == "emoji":
            return emoji_of(text(each.get("name")), text(each.get("unicode"))) or f":{text(each.get('name'))}:"
        if kind == "user":
            return self._person(text(each.get("user_id")))
        if kind == "broadcast":
            word = text(each.get("range"))
            return f"<@G:{GROUPS[word]}>" if word in GROUPS else _escaped(f"@{word}")
        if kind == "channel":
            return _escaped(f"#{self._name(text(each.get('channel_id')))}")
        return _escaped(self._raw(each))

    def _raw(self, each: dict[str, Any]) -> str:
        words = (each.get("text"), each.get("url"), each.get("value"), each.get("fallback"), each.get("usergroup_id"))
        return next((text(word) for word in words if text(word)), "")

    def _attachment(self, row: dict[str, Any]) -> str:
        """What an app showed beside its message, or a message that was shared; a preview of a link says nothing new."""
        if row.get("from_url") and not row.get("is_msg_unfurl") and not row.get("is_share"):
            return ""
        title, address = text(row.get("title")), text(row.get("title_link"))
        lines = [self.mrkdwn(text(row.get("pretext")))]
        lines += [_link(address, title) if address else f"**{_escaped(title)}**"] if title else []
        lines.append(self.mrkdwn(text(row.get("text"))))
        for each in dicts(row.get("fields")):
            lines.append(f"**{_escaped(text(each.get('title')))}** {self.mrkdwn(text(each.get('value')))}")
        said = [line for line in lines if line.strip()] or [_escaped(text(row.get("fallback")))]
        return "\n".join(f"> {line}" for part in said for line in part.split("\n")) if any(said) else ""


def emoji_of(name: str, unicode: str = "") -> str:
    """The character that a name of Slack's means; "" for one that its team made."""
    if re.fullmatch(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,9}", unicode):
        try:
            return "".join(chr(int(point, 16)) for point in unicode.split("-"))
        except ValueError:
            return ""
    base, _, tone = name.partition("::skin-tone-")
    found = emoji.emojize(f":{NAMES.get(base, base)}:", language="alias")
    return found + TONES.get(tone, "") if found and emoji.purely_emoji(found) else ""


def size_text(count: Any) -> str:
    if not isinstance(count, int) or count <= 0:
        return ""
    return f" ({count / 1e6:.1f} MB)" if count >= 1e6 else f" ({max(1, count // 1000)} kB)"


def _file(row: dict[str, Any]) -> str:
    """A line that names a file: the archive of Slack holds addresses, not the files."""
    if row.get("mode") in ("tombstone", "hidden_by_limit"):
        return ""
    name = text(row.get("title")) or text(row.get("name"))
    if not name:
        return ""
    label = f"📎 {name}{size_text(row.get('size'))}"
    address = text(row.get("permalink")) or text(row.get("url_private"))
    return _link(address, label) if address.startswith(("https://", "http://")) else _escaped(label)


def _in_style(words: str, style: dict[str, Any]) -> str:
    if not words.strip():
        return words
    if style.get("code") is True:
        return _code(words)
    lead, core, tail = _split(words)
    made = _escaped(core)
    for name, mark in (("strike", "~~"), ("italic", "*"), ("bold", "**")):
        if style.get(name) is True:
            made = f"{mark}{made}{mark}" if "\n" not in made else made
    return lead + made + tail


def _split(words: str) -> tuple[str, str, str]:
    """Blanks before, words, blanks after: a mark must stand at a word."""
    core = words.strip()
    start = words.index(core)
    return words[:start], core, words[start + len(core) :]


def _escape_start(found: re.Match[str]) -> str:
    """What would begin a list, a heading or a quote is a sign like others."""
    return f"{found[1]}\\{found[2] or found[3]}"


def _escaped(words: str) -> str:
    return _SPECIAL.sub(lambda found: "\\" + found[0], words)


def _code(words: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", words)), default=0)
    fence = "`" * (longest + 1)
    edge = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{edge}{words}{edge}{fence}"


def _fenced(words: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", words)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}\n{words.strip(chr(10))}\n{fence}\n"


def _link(address: str, label: str) -> str:
    if not address.lower().startswith(("http://", "https://", "mailto:")):
        return _escaped(label or address)
    safe = re.sub(r"[\s<>()\\]", lambda found: f"%{ord(found[0]):02X}", address)
    bare = address.removeprefix("mailto:")
    return f"[{_escaped(label)}]({safe})" if label and label not in (address, bare) else f"<{safe}>"


def _as_emoji(words: str) -> str:
    def swap(found: re.Match[str]) -> str:
        tone = f"::skin-tone-{found[2]}" if found[2] else ""
        return emoji_of(found[1].lower() + tone) or found[0]

    return _SHORTCODE.sub(swap, words)
