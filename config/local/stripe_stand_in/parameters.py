"""Parameters of a call: from the form that came to checked values, by the table of what the call takes.

*Called by*: api.py. *Keeps true*: a parameter that the table does not name is refused, never ignored.

A table maps names (with "!" where required) to: str, int, bool, float; a tuple of words; [what each is]; a table; or
a function of (value, path). An empty text unsets, and is None here.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter, unknown_parameter

Takes = dict[str, Any]
_STEP = re.compile(r"\[([^\[\]]*)\]")
METADATA_KEYS_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX = 50, 40, 500


def decode(text: str) -> Thing:
    """Nest a form as Stripe does: items[0][price]=x, expand[]=y."""
    nested: Thing = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first = name.split("[", 1)[0]
        steps = [first, *_STEP.findall(name[len(first) :])]
        place = nested
        for step in steps[:-1]:
            inner = place.setdefault(step or str(len(place)), {})
            if not isinstance(inner, dict):
                raise invalid(f"Invalid object: {name}", param=first)
            place = inner
        place[steps[-1] or str(len(place))] = value
    return nested


def check(given: Thing, takes: Takes, *, path: str = "") -> Thing:
    """Return the values by name; only those that were given."""
    table = {name.rstrip("!"): what for name, what in takes.items()}
    for name in given:
        if name not in table:
            raise unknown_parameter(_join(path, name))
    for name in takes:
        if name.endswith("!") and given.get(name[:-1]) in (None, ""):
            raise missing_parameter(_join(path, name[:-1]))
    return {name: _read(value, table[name], _join(path, name)) for name, value in given.items()}


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _read(value: Any, what: Any, path: str) -> Any:
    if isinstance(what, list):
        return _read_list(value, what[0], path)
    if isinstance(what, dict):
        if value == "":
            return None
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=path)
        return check(value, what, path=path)
    if callable(what) and what not in _PLAIN:
        return what(value, path)
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {value}", param=path)
    if value == "":
        return None
    if isinstance(what, tuple):
        if value not in what:
            words = f"{', '.join(what[:-1])}, or {what[-1]}" if len(what) > 1 else what[0]
            raise invalid(f"Invalid {path}: must be one of {words}", param=path)
        return value
    return _PLAIN[what](value, path)


def _read_list(value: Any, what: Any, path: str) -> list[Any]:
    if value == "":
        return []
    if not isinstance(value, dict) or not all(step.isdigit() for step in value):
        raise invalid("Invalid array", param=path)
    return [_read(value[step], what, f"{path}[{step}]") for step in sorted(value, key=int)]


def _text(value: str, path: str) -> str:
    if len(value) > 5000:
        raise invalid(f"Invalid string: {value[:20]}…; must be at most 5000 characters", param=path)
    return value


def _whole(value: str, path: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise invalid(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
    return int(value)


def _yes_or_no(value: str, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=path)
    return value == "true"


def _number(value: str, path: str) -> float:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", value):
        raise invalid(f"Invalid decimal: {value}", param=path)
    return float(value)


_PLAIN: dict[Any, Callable[[str, str], Any]] = {str: _text, int: _whole, bool: _yes_or_no, float: _number}


def metadata(value: Any, path: str) -> Thing | None:
    """Keys and texts; an empty text takes its key away."""
    if value == "":
        return None
    if not isinstance(value, dict) or any(isinstance(text, dict) for text in value.values()):
        raise invalid(f"Invalid object: {path} is a hash of strings", param=path)
    for key, text in value.items():
        if len(key) > METADATA_KEY_MAX:
            raise invalid(f"Metadata keys can be at most {METADATA_KEY_MAX} characters", param=f"{path}[{key}]")
        if len(text) > METADATA_VALUE_MAX:
            most = f"Metadata values can have up to {METADATA_VALUE_MAX} characters"
            raise invalid(f"{most}, but you passed in a value that is {len(text)} characters.", param=f"{path}[{key}]")
    return dict(value)


def merge_metadata(old: Thing, new: Thing | None) -> Thing:
    """The metadata after an update: an empty text removes, nothing at all removes everything."""
    if new is None:
        return {}
    merged = {key: text for key, text in {**old, **new}.items() if text != ""}
    if len(merged) > METADATA_KEYS_MAX:
        raise invalid(f"You can only set {METADATA_KEYS_MAX} metadata keys", param="metadata")
    return merged


def moment(value: Any, path: str) -> Any:
    """A timestamp, or a word as "now"."""
    if isinstance(value, str) and value in ("now", "unchanged", "phase_start"):
        return value
    return _whole(value, path) if value != "" else None


def span(value: Any, path: str) -> Thing:
    """created=N, or created[gte]=N and the like."""
    bounds = ("gt", "gte", "lt", "lte")
    if isinstance(value, dict):
        return check(value, dict.fromkeys(bounds, int), path=path)
    return {"gte": _whole(value, path), "lte": _whole(value, path)}


def by_name(what: Takes) -> Callable[[Any, str], Thing]:
    """A table whose names are the caller's own: currency_options[eur][unit_amount]."""

    def read(value: Any, path: str) -> Thing:
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=path)
        return {name: _read(inner, what, _join(path, name)) for name, inner in value.items()}

    return read


def either(what: Any, *words: str) -> Callable[[Any, str], Any]:
    """A value of that kind, or one of the words."""

    def read(value: Any, path: str) -> Any:
        return value if value in words else _read(value, what, path)

    return read


METADATA = metadata
MOMENT = moment
SPAN = span
ADDRESS: Takes = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), str)
