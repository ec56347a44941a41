"""Exports of Slack, made by hand: small, and with everything in them that the format knows.

*Called by*: tests of imports, the browser's story of one.
"""

import io
import json
import zipfile
from typing import Any

ANA, BEN, ZOE, BOT = "U01ANA", "U02BEN", "U03ZOE", "B01DEPLOY"
USERS = [
    {
        "id": ANA,
        "team_id": "T01",
        "name": "ana",
        "profile": {
            "real_name": "Ana Soto",
            "display_name": "ana",
            "email": "ana@juniper.example.com",
            "title": "Owner",
        },
    },
    {
        "id": BEN,
        "team_id": "T01",
        "name": "ben",
        "deleted": True,
        "profile": {"real_name": "Ben Okri", "email": "old@x.example"},
    },
    {"id": ZOE, "team_id": "T01", "name": "zoe", "profile": {"real_name": "Zoë 陳"}},
]
CHANNELS = [
    {
        "id": "C01",
        "name": "general",
        "created": 1700000000,
        "creator": ANA,
        "members": [ANA, BEN, ZOE],
        "topic": {"value": "All that matters"},
        "purpose": {"value": "For everyone"},
        "pins": [{"id": "1700000100.000100", "type": "C", "user": ANA}],
    },
    {"id": "C02", "name": "old-things", "created": 1700000000, "creator": "UGONE", "members": [], "is_archived": True},
]
GENERAL = {
    "2023-11-14": [
        {
            "type": "message",
            "subtype": "channel_join",
            "user": ANA,
            "text": "<@U01ANA> has joined",
            "ts": "1700000000.000100",
        },
        {
            "type": "message",
            "user": ANA,
            "text": "Launch on *Friday*, <@U03ZOE>? &lt;3",
            "ts": "1700000100.000100",
            "thread_ts": "1700000100.000100",
            "reply_count": 2,
            "reactions": [
                {"name": "tada", "users": [BEN, ZOE], "count": 2},
                {"name": "+1::skin-tone-3", "users": [ZOE], "count": 1},
                {"name": "our-parrot", "users": [BEN], "count": 1},
            ],
            "edited": {"user": ANA, "ts": "1700000160.000000"},
        },
        {"type": "message", "user": ZOE, "text": "Yes!", "ts": "1700000200.000100", "thread_ts": "1700000100.000100"},
        {
            "type": "message",
            "user": BEN,
            "text": "see",
            "ts": "1700000300.000200",
            "thread_ts": "1700000100.000100",
            "subtype": "thread_broadcast",
            "files": [
                {"id": "F1", "name": "plan.pdf", "title": "Plan", "size": 1234567, "permalink": "https://slack.test/f"}
            ],
        },
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": BOT,
            "username": "deploy",
            "text": "v2 is out",
            "ts": "1700000400.000100",
        },
    ],
    "2023-11-15": [
        {
            "type": "message",
            "user": ZOE,
            "text": "fallback",
            "ts": "1700090000.000100",
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "Two things "},
                                {"type": "user", "user_id": ANA},
                                {"type": "emoji", "name": "rocket", "unicode": "1f680"},
                            ],
                        },
                        {
                            "type": "rich_text_list",
                            "style": "bullet",
                            "indent": 0,
                            "elements": [
                                {
                                    "type": "rich_text_section",
                                    "elements": [{"type": "text", "text": "one", "style": {"bold": True}}],
                                },
                                {
                                    "type": "rich_text_section",
                                    "elements": [{"type": "link", "url": "https://e.test/x"}],
                                },
                            ],
                        },
                    ],
                }
            ],
        }
    ],
}
OLD = {"2022-01-01": [{"type": "message", "user": "UNOBODY", "text": "long ago", "ts": "1641000000.000100"}]}
DM = {"2023-11-14": [{"type": "message", "user": ANA, "text": "between us", "ts": "1700000500.000100"}]}


def make(files: dict[str, Any] | None = None, *, folder: str = "") -> io.BytesIO:
    """A zip of these files: JSON of what is no bytes. Without any, the whole small workspace."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (whole() if files is None else files).items():
            archive.writestr(folder + name, content if isinstance(content, bytes) else json.dumps(content))
    out.seek(0)
    return out


def whole() -> dict[str, Any]:
    files: dict[str, Any] = {
        "users.json": USERS,
        "channels.json": CHANNELS,
        "dms.json": [{"id": "D01", "members": [ANA, ZOE]}],
        "integration_logs.json": [],
    }
    for folder, days in {"general": GENERAL, "old-things": OLD, "D01": DM}.items():
        files |= {f"{folder}/{day}.json": rows for day, rows in days.items()}
    return files
