"""Two archives of Parley, said so that they can be compared. *Called by*: tests of the round trip."""

import io
import json
import re
import zipfile
from typing import Any


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def plain(data: bytes, *, importer: str) -> dict[str, Any]:
    """An archive in words that hold for every copy: names for ids, order for positions; less what docs/export.md says
    is not the same. `importer` is the handle of who brought it."""
    files = {name: _read(name, held) for name, held in entries(data).items()}
    people, spaces, stored = files["members.json"], files["spaces.json"], files["files.json"]
    lines = {space["id"]: files[f"messages/{space['id']}.jsonl"] for space in spaces}
    known = _names(people, spaces, stored, lines)
    held = {
        "people": {row["handle"]: _person(row) for row in people if row["handle"] != importer},
        "spaces": {known[space["id"]]: _space(space, known, importer) for space in spaces},
        "lines": {known[space["id"]]: [_line(row) for row in lines[space["id"]]] for space in spaces},
        "files": {row["name"]: _file(row) for row in stored},
    }
    said = json.dumps(held, sort_keys=True, ensure_ascii=False)
    found: dict[str, Any] = json.loads(re.sub("|".join(map(re.escape, known)), lambda hit: known[hit[0]], said))
    return found


def _read(name: str, data: bytes) -> Any:
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in data.splitlines()]
    return json.loads(data) if name.endswith(".json") else data


def _names(people: Any, spaces: Any, stored: Any, lines: Any) -> dict[str, str]:
    """A name for each id."""
    known = {row["id"]: f"@{row['handle']}" for row in people}
    for space in spaces:
        members = "+".join(sorted(known[seat["member"]] for seat in space["members"]))
        known[space["id"]] = f"space {space.get('name') or members}"
    for space in spaces:
        where = known[space["id"]]
        known |= {row["id"]: f"{where} message {place}" for place, row in enumerate(lines[space["id"]])}
        known |= {row["id"]: f"{where} note {place}" for place, row in enumerate(space.get("notes", []))}
    return known | {row["id"]: f"file {row['name']}" for row in stored}


def _less(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _person(row: dict[str, Any]) -> dict[str, Any]:
    return _less(row, "picture") | {"role": "guest" if row["role"] == "guest" else "member"}


def _space(space: dict[str, Any], known: dict[str, str], importer: str) -> dict[str, Any]:
    """Of an organization that was brought, the importer owns what nobody with an account does."""
    is_direct = space["kind"] == "direct"
    seats = [_less(seat, "joined_at") if is_direct else seat for seat in space["members"]]
    others = sorted(
        (seat for seat in seats if known[seat["member"]] != f"@{importer}"), key=lambda each: known[each["member"]]
    )
    return _less(space, *(["created_at"] if is_direct else [])) | {"members": others}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    mentions = sorted(row.get("mentions", []), key=lambda each: each["handle"])
    return _less(row, "position", "brought_from") | {"mentions": mentions}


def _file(row: dict[str, Any]) -> dict[str, Any]:
    """A picture was made anew."""
    return _less(row, "path", *(["sha256", "size_bytes"] if row["kind"] == "image" else []))
