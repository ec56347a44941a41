"""The words in which the gateway is spoken to, and answers.

*Called by*: chat.transcript, billing.metering, adapters. *Keeps true*: plain immutable values; no table,
no provider's own shapes.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation. `role` is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: turns oldest first, the most tokens and the most UTF-8 bytes that may come back."""

    turns: tuple[Turn, ...]
    max_output_tokens: int
    max_output_bytes: int = 262_144
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One offer, ready to be called. `api_key` never reaches a log: its repr is hidden. `repeats_roles`: two turns of
    one role may follow each other; many servers' templates insist on turns that alternate."""

    offer_pk: int
    provider: str
    provider_name: str
    base_url: str
    upstream_model: str
    api_key: str = field(repr=False, default="")
    takes_temperature: bool = True
    repeats_roles: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Targets in the order in which they are tried."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """A target has begun to answer; sent once, before the first Delta."""

    target: Target
    attempt: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing visible yet: the provider asked for patience, or another is being tried."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Delta:
    """Visible text, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them, the last cumulative figures. Cached and cache_write are subsets
    of prompt, reasoning is a subset of completion."""

    prompt: int
    completion: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    is_odd: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole. `reason`: stop, length (the token limit), cap (the byte limit), filter."""

    reason: str


Event = Served | Waiting | Delta | Usage | Finished


@dataclass(slots=True)
class Try:
    """One attempt as it went; `outcome` is ok, cancelled, lost (with its worker), or the code of a CallFailed."""

    number: int
    target: Target
    started_at: datetime
    outcome: str = "open"
    status: int | None = None
    request_id: str = ""
    first_token_ms: float | None = None
    duration_ms: float = 0.0
    usage: Usage | None = None
    output_bytes: int = 0
