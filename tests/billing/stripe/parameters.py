"""Whether what is sent to Stripe is what its own types allow: unknown, missing and mistyped parameters are found.

*Called by*: the fixture `watched` looks at every outgoing call with this. *Why* not the type checker: our calls are made
of dictionaries that grow. Names of enumerations stay open in those types, so that a mistyped word passes here.
"""

import importlib
import pkgutil
import re
import typing
from decimal import Decimal
from functools import cache
from typing import Any

import stripe
import stripe.params
import typing_extensions
from stripe import _stripe_object


@cache
def _names() -> dict[str, Any]:
    """Every class of stripe.params by its name, and what its annotations mention."""
    found: dict[str, Any] = {
        **vars(typing),
        **vars(typing_extensions),
        "Decimal": Decimal,
        "UntypedStripeObject": _stripe_object.UntypedStripeObject,
        "RequestOptions": importlib.import_module("stripe._request_options").RequestOptions,
    }
    for module in pkgutil.walk_packages(stripe.params.__path__, "stripe.params."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and name.endswith("Params") or name.rpartition("Params")[2]:
                found.setdefault(f"{module.name}:{name}", value)
                found.setdefault(name, value)
    return found


def params_of(service: type, method: str) -> Any:
    """The TypedDict that a method of a service takes; None where it takes none."""
    annotation = str(getattr(service, method).__annotations__.get("params", ""))
    match = re.search(r"(\w+Params)", annotation)
    if not match:
        return None
    package = service.__module__.split(".")[1:-1]
    folder = ".".join(["stripe.params", *package])
    for name in (f"{match[1]}",):
        for key, value in _names().items():
            if key.startswith(f"{folder}._") and key.endswith(f":{name}"):
                return value
    return _names().get(match[1])


def wrong(value: Any, kind: Any, path: str, module: str) -> list[str]:
    """What of this value its type does not allow."""
    kind = _resolve(kind, module)
    if kind is None or kind is type(None):
        return [] if value is None else [f"{path}: {value!r} instead of nothing"]
    if kind is Any or kind is _names()["UntypedStripeObject"]:
        return []
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if typing_extensions.is_typeddict(kind):
        return _wrong_dict(value, kind, path)
    if origin in (typing.Union, getattr(__import__("types"), "UnionType", None)):
        tried = [wrong(value, each, path, module) for each in arguments]
        return [] if any(not each for each in tried) else min(tried, key=len)
    if origin in (typing_extensions.NotRequired, typing_extensions.Required):
        return wrong(value, arguments[0], path, module)
    if origin is typing.Literal:
        return [] if value in arguments else [f"{path}: {value!r} is none of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [each for i, item in enumerate(value) for each in wrong(item, arguments[0], f"{path}[{i}]", module)]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no mapping"]
        return [each for key, item in value.items() for each in wrong(item, arguments[1], f"{path}.{key}", module)]
    if origin is not None:
        return [] if isinstance(value, origin) else [f"{path}: {value!r} is no {kind}"]
    if kind is int and isinstance(value, bool) or not isinstance(value, kind):
        return [f"{path}: {value!r} is no {kind.__name__}"]
    return []


def _wrong_dict(value: Any, kind: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no mapping"]
    known: dict[str, Any] = {}
    for base in reversed(getattr(kind, "__orig_bases__", ())):
        if typing_extensions.is_typeddict(base):
            known |= base.__annotations__
    known |= kind.__annotations__
    told = [f"{path}.{name}: there is no such parameter" for name in value if name not in known]
    for name, each in known.items():
        text = each.__forward_arg__ if isinstance(each, typing.ForwardRef) else str(each)
        if name not in value and "NotRequired" not in text and name in kind.__required_keys__:
            told.append(f"{path}.{name}: is missing")
        if name in value:
            told += wrong(value[name], each, f"{path}.{name}", kind.__module__)
    return told


def _resolve(kind: Any, module: str) -> Any:
    while isinstance(kind, str | typing.ForwardRef):
        text = kind if isinstance(kind, str) else kind.__forward_arg__
        scope = {**_names(), **vars(importlib.import_module(module))} if module else _names()
        scope |= {"bool": bool, "int": int, "str": str, "float": float}
        kind = eval(_no_pipes(text), scope)
    return kind


def _no_pipes(text: str) -> str:
    """'A|B' of names and literals as a Union: a string in a literal does not take part."""
    return f"Union[{', '.join(_parts(text))}]" if len(_parts(text)) > 1 else text


def _parts(text: str) -> list[str]:
    parts, depth, start, quoted = [], 0, 0, ""
    for i, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "'\"":
            quoted = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == "|" and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
